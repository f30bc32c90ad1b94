import { EscError } from '../../errors.ts'
import { again, rich } from '../../rich-text.ts'
import { decode, deleteAt, type PropertyPath, setAt, type YamlData } from '../../yaml/index.ts'
import { documentPathOf, parseValuePath, relative } from '../references/value-path.ts'
import { operation } from '../session/operation.ts'
import { changeNewest } from './change-newest.ts'
import { plainValue, secretValue, type ValueForm } from './given-value.ts'
import { type SaveResult, saveDefinition, saveOutcome } from './save-definition.ts'
import { findClearSecrets } from './saved-text/index.ts'

/** The meaning of the text of a value. */
export interface ValueKind {
  /** Encrypt it. */
  readonly secret: boolean
  /** Store it in the clear whatever it looks like. */
  readonly plaintext: boolean
  /** `undefined` means that a secret is the text that was given, anything else is YAML. */
  readonly form: ValueForm | undefined
}

export interface SetValueRequest extends ValueKind {
  /** As typed: below `values`, or beginning with `imports`. */
  readonly path: string
  /** The text of the value; asked for once the path has been found good. */
  readonly value: () => Promise<string>
}

/**
 * Sets the value at a path and saves the definition. Throws EscError `usage` for a path or value
 * that cannot be, and for a value in the clear that looks like a secret.
 */
export const setValue = operation({
  name: 'set-value',
  level: 'write',
  audit: 'environment-updated',
  async run(work, request: SetValueRequest): Promise<SaveResult> {
    const path = parseValuePath(request.path)
    const text = await request.value()
    const value = await givenValueAt(path, text, request)
    const environment = work.store.environment(work.subject.name)
    return changeNewest(environment, [documentPathOf(path)], (base) => {
      const edited = relative(() => setAt(base.definition, documentPathOf(path), value))
      const plaintext = request.plaintext ? [documentPathOf(path)] : []
      return saveDefinition(work, environment, { text: edited, base, change: 'set', plaintext })
    })
  },
  outcome: saveOutcome,
})

/**
 * Removes the value at a path below `values`, as typed, and saves the definition. A value that
 * is not there is no error. Throws EscError `usage` for a path that cannot be.
 */
export const removeValue = operation({
  name: 'remove-value',
  level: 'write',
  audit: 'environment-updated',
  async run(work, typed: string): Promise<SaveResult> {
    const path = parseValuePath(typed)
    const environment = work.store.environment(work.subject.name)
    return changeNewest(environment, [['values', ...path]], (base) => {
      const edited = relative(() => deleteAt(base.definition, ['values', ...path]))
      return saveDefinition(work, environment, { text: edited, base, change: 'remove' })
    })
  },
  outcome: saveOutcome,
})

/**
 * The value that a text stands for. @throws EscError `usage` for one in the clear
 * that looks like a secret.
 */
export async function givenValueAt(
  path: PropertyPath,
  text: string,
  { secret, plaintext, form }: ValueKind,
): Promise<YamlData> {
  if (secret) return secretValue(text, form ?? 'text')
  const value = plainValue(text, form ?? 'yaml')
  if (!plaintext && (await hasSecret(path, value))) {
    throw new EscError(
      'usage',
      rich`value looks like a secret; rerun with ${again('secret')} to mark it as such, or ${again('plaintext')} if you meant to leave it as plaintext`,
    )
  }
  return value
}

/** Returns true when a value, or a part of it, would be a secret in the clear at this path. */
async function hasSecret(path: PropertyPath, value: YamlData): Promise<boolean> {
  const alone = documentPathOf(path).map((key) => (typeof key === 'number' ? 0 : key))
  const text = setAt('', alone, value)
  const found = await findClearSecrets(decode('', text).node, text, () => new Set())
  return found.length > 0
}
