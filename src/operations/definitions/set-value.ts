import { EscError } from '../../errors.ts'
import { again, rich } from '../../rich-text.ts'
import { decode, deleteAt, type PropertyPath, setAt, type YamlData } from '../../yaml/index.ts'
import { operation } from '../session/operation.ts'
import { changeNewest } from './change-newest.ts'
import { documentPathOf, relative, withinValues } from './document-path.ts'
import { type SaveResult, saveDefinition, saveOutcome } from './save-definition.ts'
import { findClearSecrets } from './saved-text/index.ts'

export interface SetValueRequest {
  /** Below `values`, or beginning with `imports`. Not empty. */
  readonly path: PropertyPath
  /** Returns the value; asked for once the user is known to be allowed to set it. */
  readonly value: () => Promise<YamlData>
  /** True when it is stored in the clear whatever it looks like. */
  readonly plaintext: boolean
}

/**
 * Sets the value at a path and saves the definition. Throws EscError `usage` for a path or value
 * that cannot be, and for a value in the clear that looks like a secret.
 */
export const setValue = operation({
  name: 'set-value',
  level: 'write',
  audit: 'environment-updated',
  async run(work, { path: given, value: askFor, plaintext: inTheClear }: SetValueRequest): Promise<SaveResult> {
    const path = documentPathOf(given)
    const value = await askFor()
    if (!inTheClear) await refuseClearSecret(given, value)
    const environment = work.store.environment(work.subject.name)
    return changeNewest(environment, [path], (base) => {
      const text = relative(() => setAt(base.definition, path, value))
      return saveDefinition(work, environment, { text, base, change: 'set', plaintext: inTheClear ? [path] : [] })
    })
  },
  outcome: saveOutcome,
})

/**
 * Removes the value at a path below `values`, and saves the definition. A value that is not there
 * is no error. Throws EscError `usage` for a path that cannot be.
 */
export const removeValue = operation({
  name: 'remove-value',
  level: 'write',
  audit: 'environment-updated',
  input: (z) => z.path(),
  async run(work, given: PropertyPath): Promise<SaveResult> {
    const path = withinValues(given)
    const environment = work.store.environment(work.subject.name)
    return changeNewest(environment, [path], (base) => {
      const edited = relative(() => deleteAt(base.definition, path))
      return saveDefinition(work, environment, { text: edited, base, change: 'remove' })
    })
  },
  outcome: saveOutcome,
})

/** Refuses a value in the clear that looks like a secret. @throws EscError `usage`. */
export async function refuseClearSecret(path: PropertyPath, value: YamlData): Promise<void> {
  if (!(await hasSecret(path, value))) return
  throw new EscError(
    'usage',
    rich`value looks like a secret; rerun with ${again('secret')} to mark it as such, or ${again('plaintext')} if you meant to leave it as plaintext`,
  )
}

/** Returns true when a value, or a part of it, would be a secret in the clear at this path. */
async function hasSecret(path: PropertyPath, value: YamlData): Promise<boolean> {
  const alone = documentPathOf(path).map((key) => (typeof key === 'number' ? 0 : key))
  const text = setAt('', alone, value)
  const found = await findClearSecrets(decode('', text).node, text, () => new Set())
  return found.length > 0
}
