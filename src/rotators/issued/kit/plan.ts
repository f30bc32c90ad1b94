import { EscError } from '../../../errors.ts'
import { rfc3339 } from '../../rfc3339.ts'
import { decideCredentials } from './credential-table.ts'
import type { IssuedPlan, Issuer } from './issuer.ts'
import type { Listed } from './listing.ts'
import { listAsItIs, type Reconciliation } from './reconciliation.ts'
import { wordsOf } from './words.ts'

/** Two minutes-apart rotations take a credential from consumers that have not noticed the first. */
const soonMs = 10 * 60_000

/** Lists the credentials and decides; changes nothing. */
export async function planIssued<Inputs, Credential extends object>(
  issuer: Issuer<Inputs, Credential>,
  inputs: Inputs,
  reconciliation: Reconciliation<Credential>,
): Promise<IssuedPlan> {
  const { session, state, context } = reconciliation
  const { name, noun, idOf } = issuer
  const subject = issuer.subject(inputs)
  const words = wordsOf(issuer)
  await session.requireSubject?.()
  const listing = await listAsItIs(reconciliation, subject)
  const { warnings, supersededId, ...plan } = decideCredentials({
    noun,
    subject,
    words,
    listed: [...listing.listed, ...(await unlistedCurrent(reconciliation, listing.listed))],
    currentId: state && idOf(state.current),
    formerId: state?.previous && idOf(state.previous),
    limit: issuer.limit?.count,
  })
  const superseded = [state?.current, state?.previous].find((each) => each !== undefined && idOf(each) === supersededId)
  if (superseded !== undefined && issuer.loginUses?.(inputs, superseded)) {
    throw new EscError(
      'invalid_input',
      `${name}: \`login\` uses ${noun} ${supersededId}, which this rotation would delete`,
      { hint: words.otherLogin },
    )
  }
  for (const warning of warnings) context.warn(warning)
  if (superseded !== undefined && superseded !== state?.current) warnWhenSoon(idOf(superseded), reconciliation, subject)
  return { ...plan, listing }
}

/** The current credential, where the list leaves it out and it still logs in: it is not deleted. */
async function unlistedCurrent<Credential extends object>(
  { issuer, session, state }: Reconciliation<Credential>,
  listed: readonly Listed[],
): Promise<readonly Listed[]> {
  if (state === undefined || issuer.listsAll === true) return []
  const id = issuer.idOf(state.current)
  if (listed.some((each) => each.id === id)) return []
  return (await session.tryLogin(state.current)).kind === 'works' ? [{ id }] : []
}

function warnWhenSoon<Credential extends object>(
  formerId: string,
  { issuer, state, context }: Reconciliation<Credential>,
  subject: string,
): void {
  const { createdAt } = (state?.current ?? {}) as { readonly createdAt?: string }
  if (state === undefined || createdAt === undefined) return
  const since = new Date(createdAt)
  // Written so that a date which is none is not young.
  if (!(context.now().getTime() - since.getTime() < soonMs)) return
  context.warn(
    `${issuer.noun} ${issuer.idOf(state.current)} of ${subject} became current less than 10 minutes ago (${rfc3339(since)}): ${formerId}, current until then, is deleted by this rotation`,
  )
}
