import type { CredentialCheck } from '../../rotator.ts'
import type { Listed } from './listing.ts'
import { idsOf, type Reconciliation } from './reconciliation.ts'

/** Logs in with each credential of the state, and names the others that are listed. */
export async function checkCredentials<Credential extends object>(
  reconciliation: Reconciliation<Credential>,
  subject: string,
): Promise<readonly CredentialCheck[]> {
  const { issuer, session, state } = reconciliation
  const ours = idsOf(reconciliation)
  const { listed } = await session.list(ours)
  const what = (id: string) => `${issuer.noun} ${id} of ${subject}`
  const checks: CredentialCheck[] = []
  for (const role of ['current', 'previous'] as const) {
    const credential = state?.[role]
    if (credential === undefined) continue
    const id = issuer.idOf(credential)
    const trial = await session.tryLogin(credential)
    const details = [
      ...(trial.kind === 'works' ? [] : [trial.code]),
      ...problemsOf(listed.find((each) => each.id === id)),
    ]
    checks.push({
      credential: role,
      what: what(id),
      works: trial.kind === 'works' ? true : trial.kind === 'inconclusive' ? undefined : false,
      ...(details.length > 0 && { detail: details.join(', ') }),
    })
  }
  for (const { id, problem } of listed) {
    if (ours.includes(id)) continue
    const detail = ['not managed here', ...(problem === undefined ? [] : [problem])].join(', ')
    checks.push({ credential: 'foreign', what: what(id), works: undefined, detail })
  }
  return checks
}

function problemsOf(found: Listed | undefined): string[] {
  if (found === undefined) return ['not listed']
  return found.problem === undefined ? [] : [found.problem]
}
