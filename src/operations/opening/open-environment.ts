import type { ExportedMap } from '../../evaluate/index.ts'
import type { Diagnostic } from '../../yaml/index.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { permit } from '../session/permit.ts'
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

export interface OpenOptions {
  readonly signal?: AbortSignal
}

/**
 * Evaluates an environment for use: secrets are decrypted and providers called. The seal of every
 * environment that took part is verified before anything of it is returned.
 *
 * @throws EscError `not_found`, `key_unavailable`, `tampered`.
 */
export function openEnvironment(
  workspace: Workspace,
  reference: EnvironmentReference,
  options: OpenOptions = {},
): Promise<OpenedEnvironment> {
  return workspace.audit.together(() => openAudited(workspace, reference, options))
}

async function openAudited(
  workspace: Workspace,
  reference: EnvironmentReference,
  options: OpenOptions,
): Promise<OpenedEnvironment> {
  const environments = new UsedEnvironments(workspace, 'open')
  const details = () => environments.auditDetails()
  const permitted = await permit(workspace, reference.name, 'open', 'environment-open', details)
  const environment = workspace.store.environment(reference.name)
  const revision = environment.resolve(reference.version)
  const unlock = environments.use(reference.environment, environment, revision)
  // First of all: a changed definition could send the secrets of others wherever it likes.
  await environments.verify(reference.environment)
  if (reference.version === undefined) warnOfUnsavedEdit(workspace, environment, revision)
  const result = async (): Promise<Evaluated> => {
    if (revision.definition.trim() === '') return { properties: undefined, diagnostics: [] }
    const cache = reference.version === undefined ? OpenedCache.of(workspace, environments) : undefined
    const recalled = await cache?.recall()
    if (recalled !== undefined) return { properties: recalled, diagnostics: [] }
    // Most of what is opened has not changed since, and is known without the evaluator.
    const { evaluateOpened } = await import('./evaluate-opened.ts')
    const opening = {
      name: reference.environment,
      fullName: reference.name,
      text: revision.definition,
      unlock,
      environments,
      cache,
    }
    return evaluateOpened(workspace, opening, options)
  }
  const { properties, diagnostics } = await result()
  permitted.done()
  return { properties, diagnostics, revision: revision.number, used: usedRevisions(workspace, environments, reference) }
}

interface Evaluated {
  /** Undefined: the definition has errors, or is empty. */
  readonly properties: ExportedMap | undefined
  readonly diagnostics: readonly Diagnostic[]
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
