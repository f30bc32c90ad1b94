import { EscError } from '../../errors.ts'
import type { Json } from '../../json.ts'
import { setAt } from '../../yaml/index.ts'
import { makeEnvironment } from '../environments/create-environment.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { parsePath, relative } from '../references/value-path.ts'
import { permit } from '../session/permit.ts'
import type { Workspace } from '../session/workspace.ts'
import { changeNewest } from './change-newest.ts'
import { type SaveResult, saveDefinition } from './save-definition.ts'

export interface LoginProviderRequest {
  /** As typed, below `values`. */
  readonly path: string
  /**
   * The call, such as `{'fn::open::aws-login': {…}}`; secrets in it are `fn::secret` in the clear.
   */
  readonly block: Json
  /** Make the environment when it is missing. */
  readonly create: boolean
}

export interface LoginProviderSet {
  readonly saved: SaveResult
  /** The definition that was to be saved: positions of diagnostics are in it. */
  readonly text: string
}

/** Puts a login provider at a path of an environment, in the place of whatever is there. */
export async function setLoginProvider(
  workspace: Workspace,
  reference: EnvironmentReference,
  { path: typed, block, create }: LoginProviderRequest,
  created: (fullName: string) => void,
): Promise<LoginProviderSet> {
  const path = parsePath(typed, (reason) => `invalid --path: ${reason}`)
  if (path.length === 0) throw new EscError('usage', 'path must contain at least one element')
  const { store } = workspace
  await permit(workspace, reference.name, 'write', 'environment-updated')
  if (!store.has(reference.name)) {
    const fullName = `${store.organization}/${reference.name}`
    if (!create) {
      throw new EscError(
        'not_found',
        `environment ${fullName} does not exist; pass --create to create it, or run \`esc env init ${fullName}\` first`,
      )
    }
    return createWith(workspace, reference, { text: placed('', path, typed, block), created })
  }
  const environment = store.environment(reference.name)
  return changeNewest(environment, [['values', ...path]], async (base) => {
    const text = placed(base.definition, path, typed, block)
    return { saved: await saveDefinition(workspace, environment, { text, base, change: 'set' }), text }
  })
}

/** The environment comes to be with its provider, or not at all. */
async function createWith(
  workspace: Workspace,
  reference: EnvironmentReference,
  { text, created }: { readonly text: string; readonly created: (fullName: string) => void },
): Promise<LoginProviderSet> {
  await permit(workspace, reference.name, 'write', 'environment-created')
  const made = await makeEnvironment(workspace, reference.name, { definition: text, change: 'set', wholeOnly: true })
  const { diagnostics, revision } = made
  if (!made.exists || revision === undefined)
    return { saved: { kind: 'refused', revision: undefined, diagnostics }, text }
  created(made.fullName)
  return { saved: { kind: 'saved', revision, diagnostics }, text }
}

function placed(definition: string, path: readonly (string | number)[], typed: string, block: Json): string {
  try {
    return relative(() => setAt(definition, ['values', ...path], block))
  } catch (error) {
    if (!(error instanceof EscError)) throw error
    throw new EscError(error.code, `setting provider at ${typed}: ${error.message}`, { cause: error })
  }
}
