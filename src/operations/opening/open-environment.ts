import type { ExportedMap } from '../../evaluate/index.ts'
import type { Revision } from '../../store/index.ts'
import type { Diagnostic } from '../../yaml/index.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { operation, type Work } from '../session/operation.ts'
import { UsedEnvironments } from '../session/used-environments.ts'
import { type Workspace, warnOfUnsavedEdit } from '../session/workspace.ts'
import { OpenedCache } from './opened-cache.ts'

/** An environment whose providers have been called. */
export interface OpenedEnvironment {
  /** Undefined: the definition has errors, or is empty. */
  readonly properties: ExportedMap | undefined
  readonly diagnostics: readonly Diagnostic[]
  /** The revision that was opened. */
  readonly revision: number
  /** All that took part, this one first. */
  readonly used: readonly UsedRevision[]
}

/** Which revision an environment was used at, and what asked for it. */
export interface UsedRevision {
  readonly name: string
  /** As it was asked for; undefined: the newest. */
  readonly version: string | undefined
  readonly revision: number
  readonly folder: string
}

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
    const { properties, diagnostics } = await evaluate(work, { revision, unlock, environments })
    return { properties, diagnostics, revision: revision.number, used: usedRevisions(work, environments, subject) }
  },
})

interface Evaluated {
  /** Undefined: the definition has errors, or is empty. */
  readonly properties: ExportedMap | undefined
  readonly diagnostics: readonly Diagnostic[]
}

interface Opening {
  readonly revision: Revision
  readonly unlock: ReturnType<UsedEnvironments['use']>
  readonly environments: UsedEnvironments
}

async function evaluate(
  work: Work<EnvironmentReference>,
  { revision, unlock, environments }: Opening,
): Promise<Evaluated> {
  const { subject, signal } = work
  const text = revision.definition
  if (text.trim() === '') return { properties: undefined, diagnostics: [] }
  const cache = subject.version === undefined ? OpenedCache.of(work, environments) : undefined
  const recalled = await cache?.recall()
  if (recalled !== undefined) return { properties: recalled, diagnostics: [] }
  // Most of what is opened has not changed since, and is known without the evaluator.
  const { evaluateOpened } = await import('./evaluate-opened.ts')
  const opening = { name: subject.environment, fullName: subject.name, text, unlock, environments, cache }
  return evaluateOpened(work, opening, { signal })
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
