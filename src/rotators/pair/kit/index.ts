import { madeReady } from '../../made-ready.ts'
import type { Rotator } from '../../rotator.ts'
import { type PairServer, type PairTiming, pairTiming } from './server.ts'
import {
  type PairInputs,
  type PairPending,
  type PairPlan,
  type PairState,
  pairOutputsSchema,
  pairStateSchema,
} from './types.ts'
import { UserPair } from './user-pair.ts'

export { type PairServer, type PairTiming, pairTiming } from './server.ts'
export type { PairInputs, PairPending, PairPlan, PairState } from './types.ts'

/**
 * Rotates a pair of users: each rotation gives the one held in `previous` a new password, and it
 * becomes `current`; the other keeps its own.
 *
 * The password is staged before it is set, so after a crash it is simply set once more:
 * unlike taking it back, that is safe even when a statement of the killed run is still
 * on its way to the server.
 */
export function userPairRotator(
  server: PairServer,
  timing: PairTiming = pairTiming,
): Rotator<PairInputs, PairState, PairPending, PairPlan> {
  const pair = new UserPair(server, timing)
  const rotator: Rotator<PairInputs, PairState, PairPending, PairPlan> = {
    name: server.name,
    description: server.description,
    example: server.example,
    inputs: server.inputs,
    state: pairStateSchema,
    outputs: pairOutputsSchema,
    open: (state) => state,
    target: (inputs) => pair.target(inputs),
    plan: (request, context) => pair.plan(request, context),
    rotate: (plan, request, stage, context) => pair.rotate(plan, request, stage, context),
    retarget: (pending, inputs) => pair.retarget(pending, inputs),
    reconcile: (pending, request, context) => pair.reconcile(pending, request, context),
    check: (request) => pair.check(request),
  }
  return madeReady(rotator, { tls: ['database.tls', 'database.connector.https.tls'], host: 'database.host' })
}
