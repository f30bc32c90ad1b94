import { type ExportedMap, evaluateEnvironment } from '../evaluate/index.ts'
import type { Diagnostic } from '../syntax/index.ts'
import { buildWorld, type StoreWorld } from './build-world.ts'
import { permit } from './permit.ts'
import type { EnvironmentReference } from './reference.ts'
import { type Workspace, warnOfUnsavedEdit } from './workspace.ts'

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
 * Evaluates an environment for use: secrets are decrypted and providers called. The seal of every environment that took part is
 * verified before anything of it is returned.
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
  const permitted = await permit(workspace, reference.name, 'open', 'environment-open')
  const environment = workspace.store.environment(reference.name)
  const revision = environment.resolve(reference.version)
  const world = buildWorld(workspace, { ...options, imports: 'open' })
  const unlock = world.use(reference.environment, environment, revision)
  // First of all: a changed definition could send the secrets of others wherever it likes.
  await world.verify(reference.environment)
  if (reference.version === undefined) warnOfUnsavedEdit(workspace, environment, revision)
  const { name, version } = reference
  const own = { name, version, revision: revision.number, folder: environment.folder }
  if (revision.definition.trim() === '') {
    permitted.done()
    return { properties: undefined, diagnostics: [], revision: revision.number, used: [own] }
  }
  const evaluation = await evaluateEnvironment(
    { name: reference.environment, text: revision.definition, mode: 'open', unlock },
    world,
    options,
  )
  for (const name of evaluation.environments) await world.verify(name)
  const denied = world.denied(evaluation.diagnostics.map(({ summary }) => summary))
  if (denied !== undefined) throw denied
  const failed = evaluation.diagnostics.some((diagnostic) => diagnostic.severity === 'error')
  permitted.done()
  return {
    properties: failed ? undefined : evaluation.environment?.properties,
    diagnostics: evaluation.diagnostics,
    revision: revision.number,
    used: [own, ...importedRevisions(workspace, world, reference.environment)],
  }
}

function importedRevisions(workspace: Workspace, world: StoreWorld, root: string): UsedRevision[] {
  return [...world.used].flatMap(([asked, { environment, revision }]) => {
    if (asked === root) return []
    const { name, version } = workspace.reference(asked)
    return [{ name, version, revision: revision.number, folder: environment.folder }]
  })
}
