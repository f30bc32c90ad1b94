import { type BudgetLimits, bounded } from '../../budget.ts'
import { EscError } from '../../errors.ts'
import type { ExportedValue } from '../../evaluate/index.ts'
import { decryptDefinition } from '../../language/index.ts'
import { formatPropertyPath, type PropertyPath } from '../../yaml/index.ts'
import { definitionAt } from '../definitions/definition-text.ts'
import { type Checked, checkDefinition } from '../definitions/save-definition.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { operation } from '../session/operation.ts'
import { permit } from '../session/permit.ts'
import { type Workspace, warnOfUnsavedEdit } from '../session/workspace.ts'
import { evaluationLimits } from './evaluation-limits.ts'
import { expressionAtPath, expressionPlaces, valuePlaces } from './places.ts'
import { type Format, renderValue } from './render-value.ts'
import { isObject, rootValue, valueAt, variablesOf } from './value-format.ts'

/** The facts about an environment, or of one value in it, without opening it. */
export interface Got {
  /** All values. Undefined: the definition is empty or has errors. */
  readonly root: ExportedValue | undefined
  /** The value asked for. Undefined: there is none, or it is an import. */
  readonly value: ExportedValue | undefined
  /** The piece of the definition that says so, as YAML. Undefined: it is not in this document. */
  readonly definition: string | undefined
  /** The place where the value is defined, and what it overrode: `environment:line:column`. */
  readonly definedAt: readonly string[]
  /**
   * The values that the imports, and references to other environments, came to. Known when the
   * whole environment was asked for.
   */
  readonly imports: Checked['imports']
  /** Mistakes of the definition and of what it imports. */
  readonly diagnostics: Checked['diagnostics']
  /** The budget for showing it. */
  readonly limits: BudgetLimits
}

export interface DefinitionOptions {
  /**
   * Decrypt the secrets that the environment and its imports hold. Providers are
   * not called all the same.
   */
  readonly showSecrets: boolean
}

export interface GetOptions extends DefinitionOptions {
  /** Undefined or empty: the whole environment. */
  readonly path?: PropertyPath
}

/** The definition of an environment as text. */
export const getDefinition = operation({
  name: 'get-definition',
  level: ({ showSecrets }: DefinitionOptions) => (showSecrets ? 'open' : 'read'),
  audit: ({ showSecrets }: DefinitionOptions) => (showSecrets ? 'environment-decrypted' : 'environment-read'),
  input: (z) => z.strictObject({ showSecrets: z.boolean().default(false) }),
  run: (work, { showSecrets }: DefinitionOptions) => definitionText(work, work.subject, showSecrets),
})

/** Gets what `getDefinition` gets, as a part of an operation on this or another environment. */
export async function definitionText(
  workspace: Workspace,
  reference: EnvironmentReference,
  showSecrets: boolean,
): Promise<string> {
  const [level, event] = showSecrets
    ? (['open', 'environment-decrypted'] as const)
    : (['read', 'environment-read'] as const)
  const permitted = await permit(workspace, reference.name, level, event)
  const environment = workspace.store.environment(reference.name)
  const revision = environment.resolve(reference.version)
  if (reference.version === undefined) warnOfUnsavedEdit(workspace, environment, revision)
  // An environment without a key has no ciphertext either.
  if (showSecrets) await environment.verify(revision)
  const isPlain = !showSecrets || environment.settings.wrappedDataKey === undefined
  const key = isPlain ? undefined : await environment.unlock(revision)
  permitted.done()
  if (key === undefined) return revision.definition
  return decryptDefinition(environment.name, revision.definition, (ciphertext) => key.decrypt(ciphertext))
}

export const getEnvironment = operation({
  name: 'get-environment',
  level: ({ showSecrets }: GetOptions) => (showSecrets ? 'open' : 'read'),
  audit: ({ showSecrets }: GetOptions) => (showSecrets ? 'environment-decrypted' : 'environment-read'),
  input: (z) => z.strictObject({ path: z.path().optional(), showSecrets: z.boolean().default(false) }),
  async run(work, { path = [], showSecrets }: GetOptions): Promise<Got> {
    const text = await definitionText(work, work.subject, showSecrets)
    const limits = evaluationLimits(work.host.env)
    const none = { root: undefined, value: undefined, definition: undefined, definedAt: [], imports: [] }
    const nothing = { ...none, diagnostics: [], limits }
    if (text.trim() === '') return nothing
    if (path[0] === 'imports') return { ...nothing, definition: await definitionAt(text, path) }
    const { environment, imports, diagnostics } = await checkDefinition(unasked(work), work.subject.environment, text, {
      showSecrets,
      onlyToLook: true,
      fullName: work.subject.name,
    })
    const root = environment?.properties && rootValue(environment.properties)
    if (path.length === 0) {
      const definition = await definitionAt(text, [])
      return { ...nothing, root, value: root, definition, imports, diagnostics }
    }
    const value = root && valueAt(root, path)
    const expression = environment?.exprs && expressionAtPath(environment.exprs, path)
    const definedAt =
      expression !== undefined
        ? expressionPlaces(expression)
        : value === undefined
          ? []
          : bounded(limits, `the history of ${formatPropertyPath(path)}`, () => valuePlaces(value))
    const definition = await definitionAt(text, ['values', ...path])
    return { ...nothing, root, value, definition, definedAt, diagnostics }
  },
})

/** Looking at a definition asks nobody whether plugins that it names may run. */
function unasked(workspace: Workspace): Workspace {
  return { ...workspace, host: { ...workspace.host, askTrust: undefined } }
}

/**
 * The value of `got` as text; empty when there is nothing. Files are not written: their
 * variables show as unknown.
 */
export async function renderGot(
  got: Got,
  request: {
    readonly format: Format
    readonly path: PropertyPath
    readonly redact: boolean
    readonly onlyToLook?: boolean
  },
): Promise<string> {
  const properties = got.root?.value
  if (!isObject(properties)) return ''
  const { format, path, redact, onlyToLook = false } = request
  const variables = format === 'dotenv' || format === 'shell' || format === 'posix'
  if (variables && path.length > 0) {
    throw new EscError('usage', `output format '${format}' may not be used with a property path`, {
      hint: 'use string for one value',
    })
  }
  const files = variablesOf(properties, 'files', { redact }).map((file) => ({ ...file, value: '[unknown]' }))
  return renderValue(properties, { format, path, redact, files, limits: got.limits, onlyToLook })
}
