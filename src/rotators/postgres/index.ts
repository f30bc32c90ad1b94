import { EscError } from '../../errors.ts'
import { type Secret, secret } from '../../secret.ts'
import { type RandomBytes, randomChoice } from '../random-choice.ts'
import type { PlanStep, RotationRequest, Rotator, RotatorContext, Settled } from '../rotator.ts'
import { requireChangeable } from './preflight.ts'
import { scramVerifier } from './scram.ts'
import {
  connectManager,
  type LoginOutcome,
  type ManagerSession,
  PostgresError,
  type PostgresTiming,
  place,
  postgresTiming,
  tryLogin,
} from './server.ts'
import {
  inputsSchema,
  outputsSchema,
  type PostgresInputs,
  type PostgresPending,
  type PostgresPlan,
  type PostgresState,
  stateSchema,
} from './types.ts'
import { decidePair, requireUserPair } from './user-pair.ts'

export type { PostgresTiming } from './server.ts'
export type { PostgresInputs, PostgresPending, PostgresPlan, PostgresState } from './types.ts'

type Request = RotationRequest<PostgresInputs, PostgresState>

/**
 * Rotates a pair of users: each rotation gives the one held in `previous` a new password, and it becomes `current`; the
 * other keeps its own.
 *
 * The password is staged before it is set, so after a crash it is simply set once more: unlike taking it back, that is
 * safe even when a statement of the killed run is still on its way to the server.
 */
export function postgresRotator(
  timing: PostgresTiming = postgresTiming,
): Rotator<PostgresInputs, PostgresState, PostgresPending, PostgresPlan> {
  return {
    name: 'postgres',
    description: 'Passwords of a pair of PostgreSQL users.',
    inputs: inputsSchema,
    state: stateSchema,
    outputs: outputsSchema,

    open: (state) => state,

    target({ database: { host, port }, rotateUsers: { username1, username2 } }) {
      return `postgres ${JSON.stringify([host.toLowerCase(), port, ...[username1, username2].sort()])}`
    },

    async plan({ inputs, state }) {
      const { database } = inputs
      requireDirect(inputs)
      requireUserPair(inputs, state)
      const manager = await connectManager(database, database.managingUser, timing)
      try {
        await requireChangeable(inputs, manager)
      } finally {
        await manager.close()
      }
      const { username, replaced, kept } = decidePair(inputs, state)
      const steps: PlanStep[] = [{ action: 'change', what: `password of role "${username}" on ${place(database)}` }]
      if (kept !== undefined) {
        steps.push({
          action: 'keep',
          what: `password of role "${kept.username}" on ${place(database)} (becomes previous)`,
        })
      }
      return { steps, username, ...(replaced !== undefined && { replaced }) }
    },

    async rotate({ username, replaced }, { inputs: { database } }, stage, context) {
      const password = newPassword(context.random)
      const manager = await connectManager(database, database.managingUser, timing)
      try {
        const { host, port } = database
        await stage({ host, port, username, password, ...(replaced !== undefined && { replaced }) })
        await manager.setPassword(username, verifierOf(password, context))
      } finally {
        await manager.close()
      }
    },

    async settle(pending, request, context) {
      const { inputs, state } = request
      // An earlier run committed it and died before it cleared its record.
      if (state !== undefined && holds(state, pending)) return { kind: 'rotated', state }
      requireDirect(inputs)
      requireSameTarget(pending, inputs)
      const first = await tryLogin(inputs.database, pending.username, pending.password, timing)
      if (first.kind === 'works') return rotated(pending, request)
      if (hasMovedOn(pending, request)) {
        return undone(`the password of role "${pending.username}" was rotated by somebody else since; theirs is kept`)
      }
      return setAgain(pending, request, first, context)
    },
  }

  /** Not set, or set and not to be proven by a log-in. */
  async function setAgain(
    pending: PostgresPending,
    request: Request,
    before: LoginOutcome,
    context: RotatorContext,
  ): Promise<Settled<PostgresState>> {
    const { database } = request.inputs
    const { username, password, replaced } = pending
    const manager = await connectManager(database, database.managingUser, timing)
    try {
      try {
        await manager.setPassword(username, verifierOf(password, context))
      } catch (error) {
        if (before.kind === 'wrong' && error instanceof PostgresError && error.refused) return undone(error.message)
        throw error
      }
      const after = await verify(pending, request.inputs, context)
      if (after.kind === 'works') return rotated(pending, request)
      if (after.kind === 'inconclusive') {
        context.warn(`the new password of role "${username}" is set but could not be tried: ${after.reason}`)
        return rotated(pending, request)
      }
      return await takeBack(manager, username, replaced, context)
    } finally {
      await manager.close()
    }
  }

  async function verify(
    { username, password }: PostgresPending,
    { database }: PostgresInputs,
    context: RotatorContext,
  ): Promise<LoginOutcome> {
    let outcome = await tryLogin(database, username, password, timing)
    for (const wait of timing.verifyWaitsMs) {
      if (outcome.kind !== 'wrong') break
      context.progress(`waiting for ${place(database)} to accept the new password of role "${username}"`)
      await context.sleep(wait)
      outcome = await tryLogin(database, username, password, timing)
    }
    return outcome
  }
}

export const postgres = postgresRotator()

/** 32 characters, 192 bits, none of which needs quoting in a URL, a dotenv file or a shell. */
function newPassword(random: RandomBytes): Secret<string> {
  const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-']
  return secret(Array.from({ length: 32 }, () => randomChoice(alphabet, random)).join(''))
}

function verifierOf(password: Secret<string>, { random }: RotatorContext): string {
  return scramVerifier(password.reveal(), { salt: random(16) })
}

async function takeBack(
  manager: ManagerSession,
  username: string,
  replaced: Secret<string> | undefined,
  context: RotatorContext,
): Promise<Settled<PostgresState>> {
  const refused = `the new password of role "${username}" was set but is refused at log-in (28P01)`
  if (replaced === undefined) return undone(refused)
  await manager.setPassword(username, verifierOf(replaced, context))
  return undone(`${refused}; its former password was set back`)
}

function rotated({ username, password }: PostgresPending, { inputs, state }: Request): Settled<PostgresState> {
  const { username1, username2 } = inputs.rotateUsers
  const other = username === username1 ? username2 : username1
  const previous = [state?.current, state?.previous].find((user) => user?.username === other)
  return { kind: 'rotated', state: { current: { username, password }, ...(previous !== undefined && { previous }) } }
}

function undone(reason: string): Settled<PostgresState> {
  return { kind: 'undone', reason: reason.startsWith('postgres: ') ? reason : `postgres: ${reason}` }
}

function holds({ current, previous }: PostgresState, { username, password }: PostgresPending): boolean {
  return [current, previous].some((user) => user?.username === username && user.password.reveal() === password.reveal())
}

/** Whether the state is no longer the one the record was made for: another clone has rotated this pair since. */
function hasMovedOn({ username, replaced }: PostgresPending, { inputs, state }: Request): boolean {
  const next = decidePair(inputs, state)
  return next.username !== username || next.replaced?.reveal() !== replaced?.reveal()
}

/** Setting the password again must not reach another server or role than the one that was begun with. */
function requireSameTarget({ host, port, username }: PostgresPending, { database, rotateUsers }: PostgresInputs): void {
  const { username1, username2 } = rotateUsers
  if (host === database.host && port === database.port && (username === username1 || username === username2)) return
  throw new EscError(
    'conflict',
    `postgres: an interrupted rotation concerns role "${username}" on ${place({ host, port })}, which \`database\` and \`rotateUsers\` no longer name`,
    {
      hint: 'put them back as they were and run again, so that its password can be put in order',
    },
  )
}

function requireDirect({ database }: PostgresInputs): void {
  if (database.connector === undefined) return
  throw new EscError(
    'invalid_input',
    'postgres: `database.connector` is not supported yet: the server is reached directly',
    {
      hint: 'remove `connector`, and run where the server can be reached',
    },
  )
}
