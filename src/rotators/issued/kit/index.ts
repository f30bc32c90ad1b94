import { EscError } from '../../../errors.ts'
import type { Plain } from '../../../plain.ts'
import type { SchemaObject } from '../../../schema/index.ts'
import { forgetHint } from '../../another-target.ts'
import type { CredentialCheck, Rotator, RotatorContext } from '../../rotator.ts'
import { CreationRefused, createCredential, refusalError } from './create-credential.ts'
import { decideCredentials } from './credential-table.ts'
import type { IssuedPending, IssuedPlan, IssuedState, Issuer, Listed } from './issuer.ts'
import { idsOf, listAsItIs, prove, removeUnsaved, type Settlement } from './settle-credential.ts'

export type { IssuedPending, IssuedPlan, IssuedState, Issuer, IssuerSession, Listed, Trial } from './issuer.ts'
export { type IssuedTiming, issuedTiming } from './timing.ts'

/** Two minutes-apart rotations take a credential from consumers that have not noticed the first. */
const soonMs = 10 * 60_000

/**
 * A rotator of credentials that their vendor makes: one is `current`, then
 * `previous`, and is removed once its successor's successor is committed, or before
 * that where the vendor leaves no room.
 */
export function issuedCredentialRotator<Inputs, Credential extends object>(
  issuer: Issuer<Inputs, Credential>,
): Rotator<Inputs, IssuedState<Credential>, IssuedPending<Credential>, IssuedPlan> {
  const { name, noun } = issuer
  type State = IssuedState<Credential>
  const schema: SchemaObject = {
    type: 'object',
    properties: { current: issuer.credential, previous: issuer.credential },
    required: ['current'],
  }

  async function settlementOf(inputs: Inputs, state: State | undefined, context: RotatorContext) {
    issuer.checkInputs(inputs, context)
    const session = await issuer.connect(inputs, context)
    return { issuer, session, state, context } satisfies Settlement<Credential>
  }

  return {
    name,
    description: issuer.description,
    inputs: issuer.inputs,
    state: schema,
    outputs: schema,

    open: (state) => state as Plain | undefined,

    target: (inputs) => `${name} ${issuer.subject(inputs)}`,

    async plan({ inputs, state }, context) {
      const settlement = await settlementOf(inputs, state, context)
      if (state?.previous !== undefined && issuer.loginUses?.(inputs, state.previous)) {
        throw new EscError(
          'invalid_input',
          `${name}: \`login\` uses ${noun} ${issuer.idOf(state.previous)}, which this rotation would delete`,
          { hint: `let \`login\` use the current ${noun}, or other credentials` },
        )
      }
      const subject = issuer.subject(inputs)
      const { listed } = await listAsItIs(settlement, subject)
      const { warnings, ...plan } = decideCredentials({
        rotator: name,
        noun,
        subject,
        listed: [...listed, ...(await unlistedCurrent(settlement, listed))],
        currentId: state && issuer.idOf(state.current),
        formerId: state?.previous && issuer.idOf(state.previous),
        limit: issuer.limit?.count,
      })
      for (const warning of warnings) context.warn(warning)
      warnWhenSoon(state, subject, context)
      return plan
    },

    async rotate(plan, { inputs, state }, stage, context) {
      const { session } = await settlementOf(inputs, state, context)
      const subject = issuer.subject(inputs)
      const mark = `esc-${Buffer.from(context.random(8)).toString('hex')}`
      // Asked again, right before: everything listed here is known not to be ours.
      const before = issuer.marks ? undefined : await session.list([])
      await stage({
        phase: 'creating',
        subject,
        mark,
        stagedAt: context.now().toISOString(),
        ...(before && { before: { ids: before.listed.map(({ id }) => id), at: before.at.toISOString() } }),
      })
      let credential: Credential
      try {
        credential = await createCredential(issuer, { plan, mark, session, context })
      } catch (error) {
        if (!(error instanceof CreationRefused)) throw error
        // Recorded, so that what somebody else makes at this moment is never taken for ours.
        await stage({ phase: 'refused', subject, reason: error.message })
        throw refusalError(error)
      }
      await stage({
        phase: 'created',
        subject,
        credential,
        ...(state && { basisId: issuer.idOf(state.current) }),
        ...(plan.previousId !== undefined && { previousId: plan.previousId }),
      })
    },

    async settle(pending, { inputs, state, movedOn = false }, context) {
      if (pending.subject !== issuer.subject(inputs)) {
        throw new EscError(
          'conflict',
          `${name}: an interrupted rotation concerns ${pending.subject}, but the inputs now name ${issuer.subject(inputs)}`,
          { hint: `put the inputs back as they were and run again; ${forgetHint}` },
        )
      }
      if (pending.phase === 'refused') return { kind: 'undone', reason: pending.reason }
      const settlement = await settlementOf(inputs, state, context)
      return pending.phase === 'created' ? prove(pending, settlement, movedOn) : removeUnsaved(pending, settlement)
    },

    async retire(superseded, { inputs, state }, context) {
      // Without a committed state nothing says which of them consumers still hold.
      if (state === undefined) return
      const kept = idsOf({ issuer, state })
      const doomed = [superseded.previous, superseded.current].filter(
        (each) => each !== undefined && !kept.includes(issuer.idOf(each)),
      ) as Credential[]
      if (doomed.length === 0) return
      const { session } = await settlementOf(inputs, state, context)
      for (const credential of doomed) {
        if (issuer.loginUses?.(inputs, credential)) {
          throw new EscError('invalid_input', `${name}: \`login\` still uses ${noun} ${issuer.idOf(credential)}`, {
            hint: `let \`login\` use the current ${noun}, or other credentials`,
          })
        }
        await session.remove(issuer.idOf(credential))
      }
    },

    async check({ inputs, state }, context) {
      const settlement = await settlementOf(inputs, state, context)
      const { session } = settlement
      const ours = idsOf(settlement)
      const { listed } = await session.list(ours)
      const of = `of ${issuer.subject(inputs)}`
      const checks: CredentialCheck[] = []
      for (const role of ['current', 'previous'] as const) {
        const credential = state?.[role]
        if (credential === undefined) continue
        const id = issuer.idOf(credential)
        const found = listed.find((each) => each.id === id)
        const trial = await session.tryLogin(credential)
        const details = [
          ...(trial.kind === 'works' ? [] : [trial.code]),
          ...(found === undefined ? ['not listed'] : found.problem === undefined ? [] : [found.problem]),
        ]
        checks.push({
          credential: role,
          what: `${noun} ${id} ${of}`,
          works: trial.kind === 'works' ? true : trial.kind === 'inconclusive' ? undefined : false,
          ...(details.length > 0 && { detail: details.join(', ') }),
        })
      }
      for (const { id, problem } of listed) {
        if (ours.includes(id)) continue
        const detail = ['not managed here', ...(problem === undefined ? [] : [problem])].join(', ')
        checks.push({ credential: 'foreign', what: `${noun} ${id} ${of}`, works: undefined, detail })
      }
      return checks
    },
  }

  /** What consumers hold is not taken for deleted, and deleted, because a list leaves it out. */
  async function unlistedCurrent(
    { session, state }: Settlement<Credential>,
    listed: readonly Listed[],
  ): Promise<readonly Listed[]> {
    if (state === undefined) return []
    const id = issuer.idOf(state.current)
    if (listed.some((each) => each.id === id)) return []
    return (await session.tryLogin(state.current)).kind === 'works' ? [{ id }] : []
  }

  function warnWhenSoon(state: State | undefined, subject: string, context: RotatorContext): void {
    const { createdAt } = (state?.current ?? {}) as { readonly createdAt?: string }
    if (state?.previous === undefined || createdAt === undefined) return
    if (context.now().getTime() - new Date(createdAt).getTime() >= soonMs) return
    context.warn(
      `${noun} ${issuer.idOf(state.current)} of ${subject} became current less than 10 minutes ago (${createdAt}): ${issuer.idOf(state.previous)}, current until then, is deleted by this rotation`,
    )
  }
}
