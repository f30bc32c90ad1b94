import { EscError } from '../errors.ts'
import type { Diagnostic } from '../syntax/index.ts'
import type { EnvironmentReference } from './reference.ts'
import { saveDefinition } from './save-definition.ts'
import type { Workspace } from './workspace.ts'

export interface NewEnvironmentRequest {
  /** Empty: an environment without values. */
  readonly definition: string
  readonly secretsProvider?: string | undefined
}

export interface Created {
  /** `organization/project/environment`. */
  readonly fullName: string
  /** The revision that holds the definition; undefined when there was none, or when it has errors. */
  readonly revision: number | undefined
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Makes an environment; its first revision is empty. A definition becomes the second, unless it has errors: the environment is
 * there all the same.
 *
 * @throws EscError `already_exists`.
 */
export async function createEnvironment(
  workspace: Workspace,
  reference: EnvironmentReference,
  { definition, secretsProvider }: NewEnvironmentRequest,
): Promise<Created> {
  const author = await workspace.author()
  const created = workspace.options.now()
  if (workspace.store.has(reference.name)) {
    throw new EscError('already_exists', 'creating environment: already exists', {
      hint: `choose another name, or change it with "esc env edit ${reference.name}"`,
    })
  }
  const environment = await wrap('creating environment', () =>
    workspace.store.create(reference.name, {
      author,
      created,
      ...(secretsProvider === undefined ? {} : { secretsProvider }),
    }),
  )
  const fullName = `${workspace.store.organization}/${environment.name}`
  if (definition.trim() === '') return { fullName, revision: undefined, diagnostics: [] }
  const saved = await wrap('updating environment definition', () =>
    saveDefinition(workspace, environment, { text: definition, base: environment.current(), change: 'edit' }),
  )
  return { fullName, revision: saved.revision, diagnostics: saved.diagnostics }
}

/** Says what was being done, as the original does. */
async function wrap<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof EscError)) throw error
    throw new EscError(error.code, `${doing}: ${error.message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    })
  }
}
