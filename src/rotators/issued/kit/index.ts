import { EscError } from '../../../errors.ts'
import type { Plain } from '../../../plain.ts'
import { rich } from '../../../rich-text.ts'
import type { SchemaObject } from '../../../schema/index.ts'
import { forgetHint } from '../../another-target.ts'
import type { RotationRequest, Rotator, RotatorContext } from '../../rotator.ts'
import { checkCredentials } from './check.ts'
import { CreationRefused, createCredential, refusalError } from './create-credential.ts'
import type { IssuedPending, IssuedPlan, IssuedState, Issuer } from './issuer.ts'
import { timed } from './listing.ts'
import { planIssued } from './plan.ts'
import { prove } from './prove.ts'
import { idsOf, type Reconciliation } from './reconciliation.ts'
import { removeUnsaved } from './remove-unsaved.ts'
import { wordsOf } from './words.ts'

export type { IssuedPending, IssuedPlan, IssuedState, Issuer, IssuerSession, Trial } from './issuer.ts'
export type { Listed, Listing } from './listing.ts'
export { type IssuedTiming, issuedTiming } from './timing.ts'
export type { NoRoom, Words } from './words.ts'

type IssuedRotator<Inputs, Credential> = Rotator<Inputs, IssuedState<Credential>, IssuedPending<Credential>, IssuedPlan>

/**
 * A rotator of credentials that their vendor makes: one is `current`, then `previous`, and is
 * removed once its successor's successor is committed, or works, or before that where the vendor
 * leaves no room.
 */
export function issuedCredentialRotator<Inputs, Credential extends object>(
  issuer: Issuer<Inputs, Credential>,
): IssuedRotator<Inputs, Credential> {
  const schema: SchemaObject = {
    type: 'object',
    properties: { current: issuer.credential, previous: issuer.credential },
    required: ['current'],
  }
  return {
    name: issuer.name,
    description: issuer.description,
    example: issuer.example,
    inputs: issuer.inputs,
    state: schema,
    outputs: schema,

    open: (state) => state as Plain | undefined,

    target: (inputs) => `${issuer.name} ${issuer.subject(inputs)}`,

    plan: (request, context) =>
      connected(issuer, request, context, (reconciliation) => planIssued(issuer, request.inputs, reconciliation)),

    rotate: (plan, request, stage, context) =>
      connected(issuer, request, context, (reconciliation) =>
        rotateIssued(issuer, { plan, request, reconciliation, stage }),
      ),

    async reconcile(pending, request, context) {
      requireSameSubject(issuer, pending.subject, request.inputs)
      if (pending.phase === 'refused') return { kind: 'undone', reason: pending.reason }
      return connected(issuer, request, context, (reconciliation) =>
        pending.phase === 'created'
          ? prove(pending, reconciliation, request.movedOn ?? false)
          : removeUnsaved(pending, reconciliation),
      )
    },

    ...(issuer.retires === 'after commit' && {
      retire: (superseded, request, context) => retireIssued(issuer, superseded, request, context),
    }),

    check: (request, context) =>
      connected(issuer, request, context, (reconciliation) =>
        checkCredentials(reconciliation, issuer.subject(request.inputs)),
      ),
  }
}

/** Runs `use` with a session of its own, which is closed afterwards. */
async function connected<Inputs, Credential extends object, Result>(
  issuer: Issuer<Inputs, Credential>,
  { inputs, state }: RotationRequest<Inputs, IssuedState<Credential>>,
  context: RotatorContext,
  use: (reconciliation: Reconciliation<Credential>) => Promise<Result>,
): Promise<Result> {
  issuer.checkInputs(inputs, context)
  const session = await issuer.connect(inputs, context)
  try {
    return await use({ issuer, session, state, context })
  } finally {
    session.close?.()
  }
}

function requireSameSubject<Inputs>(
  { name, subject }: Pick<Issuer<Inputs, never>, 'name' | 'subject'>,
  recorded: string,
  inputs: Inputs,
): void {
  if (recorded === subject(inputs)) return
  throw new EscError(
    'conflict',
    `${name}: an interrupted rotation concerns ${recorded}, but the inputs now name ${subject(inputs)}`,
    { hint: rich`put the inputs back as they were and run again; ${forgetHint}` },
  )
}

interface RotateIssued<Inputs, Credential extends object> {
  readonly plan: IssuedPlan
  readonly request: RotationRequest<Inputs, IssuedState<Credential>>
  readonly reconciliation: Reconciliation<Credential>
  readonly stage: (pending: IssuedPending<Credential>) => Promise<void>
}

async function rotateIssued<Inputs, Credential extends object>(
  issuer: Issuer<Inputs, Credential>,
  { plan, request: { inputs, state }, reconciliation, stage }: RotateIssued<Inputs, Credential>,
): Promise<void> {
  const { session, context } = reconciliation
  const { previousId, makeRoomId } = plan
  const subject = issuer.subject(inputs)
  const mark = `esc-${Buffer.from(context.random(8)).toString('hex')}`
  // Asked again, right before: everything listed here is known not to be ours.
  const before = issuer.marks
    ? undefined
    : session.wasEverUsed
      ? plan.listing
      : await timed(
          () => context.now(),
          () => session.list([]),
        )
  const sinceMs = before?.askedMs ?? context.now().getTime()
  await stage({
    phase: 'creating',
    subject,
    mark,
    stagedAt: context.now().toISOString(),
    ...(before && { before: { ids: before.listed.map(({ id }) => id), at: before.at.toISOString() } }),
  })
  try {
    const { credential, madeRoom } = await createCredential(issuer, {
      subject,
      makeRoomId,
      mark,
      sinceMs,
      session,
      context,
    })
    const retireId = issuer.retires === 'once proven' && !madeRoom ? makeRoomId : undefined
    await stage({
      phase: 'created',
      subject,
      credential,
      ...(state && { basisId: issuer.idOf(state.current) }),
      ...(previousId !== undefined && { previousId }),
      ...(retireId !== undefined && { retireId }),
    })
  } catch (error) {
    if (!(error instanceof CreationRefused)) throw error
    // Recorded, so that what somebody else makes at this moment is never taken for ours.
    await stage({ phase: 'refused', subject, reason: error.message })
    throw refusalError(error)
  }
}

async function retireIssued<Inputs, Credential extends object>(
  issuer: Issuer<Inputs, Credential>,
  superseded: IssuedState<Credential>,
  request: RotationRequest<Inputs, IssuedState<Credential>>,
  context: RotatorContext,
): Promise<void> {
  const { inputs, state } = request
  // Without a committed state nothing says which of them consumers still hold.
  if (state === undefined) return
  const { name, noun, idOf } = issuer
  const kept = idsOf({ issuer, state })
  const doomed = [superseded.previous, superseded.current].flatMap((each) =>
    each === undefined || kept.includes(idOf(each)) ? [] : [each],
  )
  if (doomed.length === 0) return
  await connected(issuer, request, context, async ({ session }) => {
    for (const credential of doomed) {
      if (issuer.loginUses?.(inputs, credential)) {
        throw new EscError('invalid_input', `${name}: \`login\` still uses ${noun} ${idOf(credential)}`, {
          hint: wordsOf(issuer).otherLogin,
        })
      }
      await session.remove(idOf(credential))
    }
  })
}
