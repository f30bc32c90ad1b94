import type { Revision } from '../../store/index.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { operation, type Work } from '../session/operation.ts'
import { UsedEnvironments } from '../session/used-environments.ts'
import { type Workspace, warnOfUnsavedEdit } from '../session/workspace.ts'
import { OpenedCache } from './opened-cache.ts'
import type { OpenedEnvironment, UsedRevision } from './opened-environment.ts'

/**
 * Evaluates an environment for use: secrets are decrypted and providers called. The seal of every
 * environment that took part is verified before anything of it is returned. Throws EscError
 * `not_found`, `key_unavailable`, `tampered`.
 */
export const openEnvironment = operation({
  name: 'open-environment',
  level: 'open',
  audit: 'environment-open',
  auditTogether: true,
  async run(work): Promise<OpenedEnvironment> {
    const { subject } = work
    const environments = new UsedEnvironments(work, 'open')
    work.addDetails(() => environments.auditDetails())
    const environment = work.store.environment(subject.name)
    const revision = environment.resolve(subject.version)
    const unlock = environments.use(subject.environment, environment, revision)
    // First of all: a changed definition could send the secrets of others wherever it likes.
    await environments.verify(subject.environment)
    if (subject.version === undefined) warnOfUnsavedEdit(work, environment, revision)
    const evaluated = await evaluate(work, { revision, unlock, environments })
    return { ...evaluated, revision: revision.number, used: usedRevisions(work, environments, subject) }
  },
})

type Evaluated = Pick<OpenedEnvironment, 'properties' | 'partial' | 'diagnostics' | 'constant'>

interface Opening {
  readonly revision: Revision
  readonly unlock: ReturnType<UsedEnvironments['use']>
  readonly environments: UsedEnvironments
}

async function evaluate(
  work: Work<EnvironmentReference>,
  { revision, unlock, environments }: Opening,
): Promise<Evaluated> {
  const { subject } = work
  const text = revision.definition
  if (text.trim() === '') return { properties: undefined, diagnostics: [], constant: true }
  const cache = subject.version === undefined ? OpenedCache.of(work, environments) : undefined
  const recalled = await cache?.recall()
  if (recalled !== undefined) return { ...recalled, diagnostics: [] }
  // Most of what is opened has not changed since, and is known without the evaluator.
  const { evaluateOpened } = await import('./evaluate-opened.ts')
  const opening = { name: subject.environment, fullName: subject.name, text, unlock, environments, cache }
  return evaluateOpened(work, opening, { signal: work.signal })
}

function usedRevisions(
  workspace: Workspace,
  environments: UsedEnvironments,
  root: EnvironmentReference,
): UsedRevision[] {
  return [...environments.all].map(([asked, { environment, revision }]) => {
    const { name, version } = asked === root.environment ? root : workspace.reference(asked)
    return { name, version, revision: revision.number, folder: environment.folder }
  })
}
