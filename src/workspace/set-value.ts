import { EscError, messageOf } from '../errors.ts'
import { deleteAt, type PropertyPath, readYamlFragment, setAt, type YamlData, YamlFragment } from '../syntax/index.ts'
import { changeNewest } from './change-newest.ts'
import { permit } from './permit.ts'
import type { EnvironmentReference } from './reference.ts'
import { type SaveResult, saveDefinition } from './save-definition.ts'
import { looksLikeSecret } from './secret-strength.ts'
import { documentPathOf, parseValuePath, relative } from './value-path.ts'
import type { Workspace } from './workspace.ts'

/** How the text of a value is meant. */
export interface ValueKind {
  /** Encrypt it. */
  readonly secret: boolean
  /** Store it in the clear whatever it looks like. */
  readonly plaintext: boolean
  /** It is a string as it stands, not YAML. */
  readonly string: boolean
}

export interface ValueRequest extends ValueKind {
  /** As typed: below `values`, or beginning with `imports`. */
  readonly path: string
  /** The text of the value; asked for once the path has been found good. */
  readonly value: () => Promise<string>
}

/**
 * Sets the value at a path and saves the definition.
 *
 * @throws EscError `usage` for a path or value that cannot be, and for a value in the clear that looks like a secret.
 */
export async function setValue(
  workspace: Workspace,
  reference: EnvironmentReference,
  request: ValueRequest,
): Promise<SaveResult> {
  await permit(workspace, reference.name, 'write', 'environment-updated')
  const path = parseValuePath(request.path)
  const text = await request.value()
  const value = await yamlValueAt(path, text, request)
  const environment = workspace.store.environment(reference.name)
  return changeNewest(environment, [documentPathOf(path)], (base) => {
    const edited = relative(() => setAt(base.definition, documentPathOf(path), value))
    return saveDefinition(workspace, environment, { text: edited, base, change: 'set' })
  })
}

/** Removes the value at a path below `values` and saves the definition. A value that is not there is no error. */
export async function removeValue(
  workspace: Workspace,
  reference: EnvironmentReference,
  typed: string,
): Promise<SaveResult> {
  await permit(workspace, reference.name, 'write', 'environment-updated')
  const path = parseValuePath(typed)
  const environment = workspace.store.environment(reference.name)
  return changeNewest(environment, [['values', ...path]], (base) => {
    const edited = relative(() => deleteAt(base.definition, ['values', ...path]))
    return saveDefinition(workspace, environment, { text: edited, base, change: 'remove' })
  })
}

/** The value that a text stands for. @throws EscError `usage` for one in the clear that looks like a secret. */
export async function yamlValueAt(path: PropertyPath, text: string, request: ValueKind): Promise<YamlData> {
  const value = request.string ? new YamlFragment({ kind: 'scalar', text, isString: true }) : readValue(text)
  const { value: content } = value
  const string = content.kind === 'scalar' && content.isString ? content.text : undefined
  const name = path.at(-1)
  if (!request.secret && !request.plaintext && string !== undefined && typeof name === 'string') {
    if (await looksLikeSecret(name, string)) {
      throw new EscError(
        'usage',
        'value looks like a secret; rerun with --secret to mark it as such, or --plaintext if you meant to leave it as plaintext',
      )
    }
  }
  if (!request.secret) return value
  // A number or boolean would lose its text on the way: a secret is always a string.
  const sealed =
    content.kind === 'scalar' && !content.isString ? ({ kind: 'scalar', text, isString: true } as const) : content
  const key = { kind: 'scalar', text: 'fn::secret', isString: true } as const
  return new YamlFragment({ kind: 'mapping', flow: false, pairs: [{ key, value: sealed }] })
}

function readValue(text: string): YamlFragment {
  try {
    return readYamlFragment(text)
  } catch (error) {
    throw new EscError('usage', `invalid value: ${messageOf(error)}`, { hint: 'quote it, or pass --string' })
  }
}
