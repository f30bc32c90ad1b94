import { type ExportedMap, evaluateEnvironment } from '../evaluate/index.ts'
import type { Diagnostic } from '../syntax/index.ts'
import { buildWorld } from './build-world.ts'
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
export async function openEnvironment(
  workspace: Workspace,
  reference: EnvironmentReference,
  options: OpenOptions = {},
): Promise<OpenedEnvironment> {
  const permitted = await permit(workspace, reference.name, 'open', 'environment-open')
  const environment = workspace.store.environment(reference.name)
  const revision = environment.resolve(reference.version)
  const world = buildWorld(workspace, { ...options, imports: 'open' })
  const unlock = world.use(reference.environment, environment, revision)
  // First of all: a changed definition could send the secrets of others wherever it likes.
  await world.verify(reference.environment)
  if (reference.version === undefined) warnOfUnsavedEdit(workspace, environment, revision)
  if (revision.definition.trim() === '') {
    permitted.done()
    return { properties: undefined, diagnostics: [], revision: revision.number }
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
  }
}
