import { EscError } from '../errors.ts'
import type { Decoded, Diagnostic, Node, NodeReplacement, ObjectNode, StringNode } from '../yaml/index.ts'
import { decode, placeOf, quote, replaceNodes, restOfText } from '../yaml/index.ts'
import { decodeEnvelope, EnvelopeError, encodeEnvelope } from './envelope.ts'
import { escapeReferences, scanInterpolation } from './property-access.ts'

/**
 * Encrypts every plaintext `fn::secret` of a definition, wherever it stands, and changes nothing
 * else in the text. What is encrypted is what evaluation would have yielded (`$$` is a dollar
 * sign). `encrypt` gets the document path of the call and returns raw ciphertext; it is called in
 * document order, innermost calls first.
 *
 * Throws `invalid_definition`, and encrypts nothing, when the text cannot be decoded or holds a
 * `fn::secret` that evaluation refuses: it may be a secret that somebody mistyped, and must not be
 * stored in clear. It throws the same for a text that goes on behind its first document.
 * `ignoreRest` leaves such a rest as it is: a rotation of a definition that an earlier version
 * saved must be able to store its credentials.
 */
export function encryptDefinition(
  name: string,
  text: string,
  encrypt: (plaintext: string, path: string) => Uint8Array,
  { ignoreRest = false }: { readonly ignoreRest?: boolean } = {},
): string {
  const rest = ignoreRest ? undefined : restOfText(name, text)
  if (rest !== undefined) throw problem(name, rest.summary, rest, '', 'nothing was saved')
  const calls = secretCalls(decoded(name, text))
  const replacements: NodeReplacement[] = []
  for (const call of calls) {
    if (call.kind === 'refused') throw problem(name, call.reason, call.node, call.node.path, call.hint)
    if (call.kind === 'ciphertext') continue
    const ciphertext = encodeEnvelope(encrypt(call.plaintext, call.node.path))
    replacements.push({ node: call.argument, value: { ciphertext } })
  }
  return replaceNodes(text, replacements)
}

/**
 * Puts plaintext in the place of every ciphertext under `values`, written so that evaluation
 * yields it (`$$` for a dollar sign where that is needed). `decrypt` gets raw ciphertext and the
 * document path of the call.
 *
 * Throws `invalid_definition` when the text cannot be decoded or an envelope is damaged; what
 * `decrypt` throws passes through.
 */
export function decryptDefinition(
  name: string,
  text: string,
  decrypt: (ciphertext: Uint8Array, path: string) => string,
): string {
  return replaceCiphertexts(name, text, (call, ciphertext) => {
    const plaintext = decrypt(ciphertext, call.node.path)
    return { node: call.argument, value: escapeReferences(plaintext) }
  })
}

/**
 * Puts another ciphertext in the place of every one under `values`, and changes nothing else in the
 * text, not even the style around it. `reencrypt` gets and returns raw ciphertext. Throws as
 * `decryptDefinition` does.
 */
export function reencryptDefinition(
  name: string,
  text: string,
  reencrypt: (ciphertext: Uint8Array, path: string) => Uint8Array,
): string {
  return replaceCiphertexts(name, text, (call, ciphertext) => {
    const other = reencrypt(ciphertext, call.node.path)
    return { node: call.base64, value: encodeEnvelope(other) }
  })
}

function replaceCiphertexts(
  name: string,
  text: string,
  replace: (call: CiphertextCall, ciphertext: Uint8Array) => NodeReplacement,
): string {
  const replacements: NodeReplacement[] = []
  for (const call of secretCalls(decoded(name, text))) {
    if (call.kind !== 'ciphertext' || !isBelowValues(call.node)) continue
    replacements.push(replace(call, openEnvelope(name, call)))
  }
  return replaceNodes(text, replacements)
}

/**
 * Document paths of the `fn::secret` calls that hold something other than ciphertext. Empty for a
 * text that cannot be decoded (nothing can be said about it).
 */
export function listPlaintextSecrets(name: string, text: string): readonly string[] {
  const result = decode(name, text)
  if (result.failed) return []
  return secretCalls(result)
    .filter(({ kind }) => kind !== 'ciphertext')
    .map(({ node }) => node.path)
}

interface CiphertextCall {
  readonly kind: 'ciphertext'
  readonly node: ObjectNode
  readonly argument: ObjectNode
  readonly base64: StringNode
}

type SecretCall =
  | { readonly kind: 'plaintext'; readonly node: ObjectNode; readonly argument: StringNode; readonly plaintext: string }
  | CiphertextCall
  | { readonly kind: 'refused'; readonly node: ObjectNode; readonly reason: string; readonly hint: string }

function decoded(name: string, text: string): Decoded {
  const result = decode(name, text)
  const first: Diagnostic | undefined = result.diagnostics[0]
  if (first !== undefined) throw problem(name, first.summary, first, first.path, 'correct the definition first')
  return result
}

/** Every call of `fn::secret`, well-formed or not; innermost first, else in document order. */
export function secretCalls({ node }: Decoded): readonly SecretCall[] {
  const calls: SecretCall[] = []
  const visit = (node: Node): void => {
    if (node.kind === 'array') {
      for (const element of node.elements) visit(element)
    } else if (node.kind === 'object') {
      for (const { value } of node.entries) visit(value)
      const call = secretCall(node)
      if (call !== undefined) calls.push(call)
    }
  }
  if (node !== undefined) visit(node)
  return calls
}

const notLiteral = 'secret values must be string literals'

function secretCall(node: ObjectNode): SecretCall | undefined {
  const entry = node.entries.find(({ key }) => key.value.toLowerCase() === 'fn::secret')
  if (entry === undefined) return undefined
  const { key, value } = entry
  const refuse = (reason: string, hint: string): SecretCall => ({ kind: 'refused', node, reason, hint })
  if (node.entries.length > 1) {
    const reason = `illegal call to builtin function: ${quote(key.value)} must be the only key within its containing object`
    return refuse(reason, 'move the other keys out of the object')
  }
  if (key.value !== 'fn::secret') return refuse("'fn::' is a reserved prefix", 'write fn::secret in lower case')
  if (value.kind === 'string') {
    const plaintext = literalText(value.value)
    if (plaintext === undefined) {
      return refuse(
        notLiteral,
        'a secret cannot refer to other values; write $$ for a dollar sign that stands before { or $',
      )
    }
    return { kind: 'plaintext', node, argument: value, plaintext }
  }
  if (value.kind === 'object') {
    const only = value.entries.length === 1 ? value.entries[0] : undefined
    if (only?.key.value === 'ciphertext' && only.value.kind === 'string') {
      return { kind: 'ciphertext', node, argument: value, base64: only.value }
    }
  }
  if (value.kind === 'null') return refuse(notLiteral, 'give the secret a value, "" if it is empty')
  const hint =
    value.kind === 'number' || value.kind === 'boolean'
      ? 'put the value in quotes'
      : 'write a list or an object as fn::fromJSON of a secret that holds its JSON'
  return refuse(notLiteral, hint)
}

function isBelowValues({ path }: Node): boolean {
  return /^values(?:$|[.[])/i.test(path)
}

/** The text that a string stands for, or undefined when it is more than text. */
function literalText(text: string): string | undefined {
  let failed = false
  const parts = scanInterpolation(text, () => {
    failed = true
  })
  if (failed || parts.some(({ access }) => access !== undefined)) return undefined
  return parts.map((part) => part.text).join('')
}

function openEnvelope(name: string, call: SecretCall & { kind: 'ciphertext' }): Uint8Array {
  try {
    return decodeEnvelope(call.base64.value)
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error
    const hint = 'restore the ciphertext from an earlier revision, or set the secret again'
    throw problem(name, `invalid ciphertext: ${error.message}`, call.node, call.node.path, hint)
  }
}

function problem(
  name: string,
  summary: string,
  at: Pick<Diagnostic, 'range' | 'noticedAt'>,
  path: string,
  hint: string,
): EscError {
  const place = placeOf(at) ?? name
  return new EscError('invalid_definition', `${place}: ${summary}${path === '' ? '' : ` (at ${path})`}`, { hint })
}
