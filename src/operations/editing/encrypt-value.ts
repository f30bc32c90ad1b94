import { EscError } from '../../errors.ts'
import type { Json } from '../../json.ts'
import { encodeEnvelope, scanInterpolation } from '../../language/index.ts'
import { type Node, replaceNodes } from '../../yaml/index.ts'
import { operation } from '../session/operation.ts'
import { secretCall } from '../words/given-value.ts'
import type { Analysis } from './analysis.ts'
import { cursorAt } from './cursor.ts'
import type { DocumentEdit } from './rename-key.ts'
import { isBelowValues } from './resolved-reference.ts'

/** A scalar of a document that can be made a secret. */
export interface EncryptableValue {
  readonly node: Node
  /** The text that the secret is to hold. */
  readonly plaintext: string
  /** True when it is an `fn::secret` in the clear already. */
  readonly isSecret: boolean
  /** True when the value is no text, and reads its JSON. */
  readonly isJson: boolean
}

/**
 * Finds the plain value at an offset: the scalar there, or that of the name there. Undefined: there
 * is none.
 */
export function encryptableAt({ node: root, text }: Analysis, offset: number): EncryptableValue | undefined {
  const cursor = cursorAt(root, offset)
  if (cursor === undefined || !isBelowValues(cursor.path)) return undefined
  const node = cursor.kind === 'key' ? cursor.entry.value : cursor.node
  const { path } = cursor
  const last = String(path.at(-1))
  const isSecret = last === 'fn::secret'
  if (path.includes('fn::secret') && !isSecret) return undefined
  // A name of a provider, and a type, are read before anything is decrypted.
  if (last === 'provider' && String(path.at(-2)).startsWith('fn::')) return undefined
  if (path.some((key, i) => key === 'schema' && path[i - 1] === 'fn::validate')) return undefined
  if (node.span === undefined || text.slice(node.span.start, node.span.end) === '') return undefined
  if (node.kind === 'string') {
    const plaintext = literalOf(node.value)
    return plaintext === undefined || plaintext === '' ? undefined : { node, plaintext, isSecret, isJson: false }
  }
  const json = node.kind === 'number' ? node.text : node.kind === 'boolean' ? String(node.value) : undefined
  return json === undefined || isSecret ? undefined : { node, plaintext: json, isSecret, isJson: true }
}

/** The text that a string stands for. Undefined: it refers to other values. */
function literalOf(text: string): string | undefined {
  let mistaken = false
  const parts = scanInterpolation(text, () => {
    mistaken = true
  })
  if (mistaken || parts.some(({ access }) => access !== undefined)) return undefined
  return parts.map((part) => part.text).join('')
}

/**
 * The edits that make a value a secret: with a ciphertext, or in the clear, for saving to encrypt.
 * All else stays as it is. A value that stays in the clear is in none of the edits.
 *
 * @throws EscError `invalid_definition`, `invalid_input` where it cannot be written.
 */
export function encryptionEdits(
  { text }: Analysis,
  { node, plaintext, isSecret, isJson }: EncryptableValue,
  ciphertext: string | undefined,
): readonly DocumentEdit[] {
  const argument: Json = ciphertext === undefined ? (secretCall(plaintext)['fn::secret'] ?? plaintext) : { ciphertext }
  const call: Json = { 'fn::secret': argument }
  const value = isSecret ? argument : isJson ? { 'fn::fromJSON': call } : call
  const after = replaceNodes(text, [{ node, value }])
  const { start, end } = node.span ?? { start: 0, end: 0 }
  const source = text.slice(start, end)
  const found = ciphertext === undefined ? after.indexOf(source, lengthOfSame(text, after)) : -1
  if (found === -1) return [differenceOf(text, after, 0)]
  const before = differenceOf(text.slice(0, start), after.slice(0, found), 0)
  const behind = differenceOf(text.slice(end), after.slice(found + source.length), end)
  return [before, behind].filter((edit) => edit.newText !== '' || edit.end > edit.start)
}

function lengthOfSame(before: string, after: string): number {
  const most = Math.min(before.length, after.length)
  let same = 0
  while (same < most && before[same] === after[same]) same++
  return same
}

/** The smallest edit that turns one text into another, `shift` characters into the document. */
function differenceOf(before: string, after: string, shift: number): DocumentEdit {
  const most = Math.min(before.length, after.length)
  const start = lengthOfSame(before, after)
  let same = 0
  while (same < most - start && before[before.length - 1 - same] === after[after.length - 1 - same]) same++
  return {
    start: start + shift,
    end: before.length - same + shift,
    newText: after.slice(start, after.length - same),
  }
}

/**
 * Encrypts a text with the data key of an environment, for its definition. Nothing of the store
 * changes.
 *
 * @throws EscError `key_unavailable`, also where the environment has no key yet.
 */
export const encryptForDefinition = operation({
  name: 'encrypt-for-definition',
  level: 'write',
  audit: 'environment-update-planned',
  changes: false,
  async run({ store, subject }, plaintext: string): Promise<string> {
    const environment = store.environment(subject.name)
    if (environment.settings.wrappedDataKey === undefined) {
      throw new EscError('key_unavailable', `${environment.name} has no data key yet`, {
        hint: 'mark the value as a secret: saving makes the key and encrypts it',
      })
    }
    const key = await environment.unlock(environment.current())
    return encodeEnvelope(key.encrypt(plaintext))
  },
})
