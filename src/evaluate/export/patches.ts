import { compareKeys, formatJson, type Json } from '../../json.ts'
import { encodeEnvelope, escapeReferences } from '../../language/index.ts'
import { parsePropertyPath, setAllAt } from '../../yaml/index.ts'
import type { Patch } from '../evaluation.ts'
import { listOf, mapOf } from '../values/convert.ts'
import type { ExportedValue } from './exported.ts'
import { toJson } from './exported-forms.ts'

/**
 * Writes new rotation states into the text of a definition and changes nothing else in it. Secrets
 * are written as what `encrypt` makes of them, those that the patch has an envelope of as that.
 * Without `encrypt` they are written in the clear, and the text must be encrypted before it is
 * stored. Throws as `setAt` does.
 */
export function applyPatches(
  text: string,
  patches: readonly Patch[],
  encrypt?: (plaintext: string) => Uint8Array,
): string {
  const writer = ({ envelopes }: Patch): WriteSecret =>
    encrypt
      ? (plaintext) => ({
          'fn::secret': { ciphertext: envelopes?.get(plaintext) ?? encodeEnvelope(encrypt(plaintext)) },
        })
      : (plaintext) => ({ 'fn::secret': escapeReferences(plaintext) })
  return setAllAt(
    text,
    patches.map((patch) => ({
      path: parsePropertyPath(patch.docPath),
      value: toDefinition(patch.replacement, writer(patch)),
    })),
  )
}

type WriteSecret = (plaintext: string) => Json

/** The value as it is written in a definition, so that it evaluates to itself. */
function toDefinition(value: ExportedValue, secret: WriteSecret): Json {
  if (value.secret) {
    const json = toJson(value, { redact: false })
    if (typeof json === 'string') return secret(json)
    return { 'fn::fromJSON': secret(formatJson(json, { sortKeys: true, escapeHtml: true })) }
  }
  if (value.unknown) return null
  const list = listOf(value)
  if (list) return list.map((element) => toDefinition(element, secret))
  const map = mapOf(value)
  if (map) {
    const json: Record<string, Json> = Object.create(null)
    for (const [key, part] of Object.entries(map).sort(([a], [b]) => compareKeys(a, b)))
      json[escapeReferences(key)] = toDefinition(part, secret)
    return json
  }
  const content = (value.value ?? null) as Json
  return typeof content === 'string' ? escapeReferences(content) : content
}
