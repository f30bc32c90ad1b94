import { decodeEnvelope } from '../language/index.ts'
import { decode, getAt, type Node, parsePropertyPath } from '../yaml/index.ts'

type Decrypt = (ciphertext: Uint8Array) => string

/**
 * The state of a rotator as a definition has it, in a form that can be compared: secrets are
 * decrypted, members are sorted, and the way it is written does not count. Holds secrets. A rotator
 * that is not there, or has no state, gives the empty text.
 */
export function stateText(
  name: string,
  options: {
    readonly definition: string
    /** Document path of the state. Undefined: the definition has no such rotator. */
    readonly statePath: string | undefined
    /** `undefined` when ciphertexts are compared as they are, which needs no key. */
    readonly decrypt: Decrypt | undefined
  },
): string {
  const { definition, statePath, decrypt } = options
  if (statePath === undefined) return ''
  return nodeText(getAt(decode(name, definition).node, parsePropertyPath(statePath)), decrypt)
}

/** As `stateText`, of a node. Undefined and `null` give the empty text. */
export function nodeText(node: Node | undefined, decrypt: Decrypt | undefined): string {
  return node === undefined || node.kind === 'null' ? '' : canonical(node, decrypt)
}

function canonical(node: Node, decrypt: Decrypt | undefined): string {
  switch (node.kind) {
    case 'null':
      return 'null'
    case 'boolean':
    case 'string':
      return JSON.stringify(node.value)
    case 'number':
      return node.text
    case 'array':
      return `[${node.elements.map((element) => canonical(element, decrypt)).join(',')}]`
    case 'object': {
      const secret = secretText(node, decrypt)
      if (secret !== undefined) return `secret(${JSON.stringify(secret)})`
      const members = node.entries.map(({ key, value }) => `${JSON.stringify(key.value)}:${canonical(value, decrypt)}`)
      return `{${members.sort().join(',')}}`
    }
  }
}

/**
 * The text of `fn::secret: {ciphertext: …}`. Undefined: the node is something
 * else, or cannot be decrypted.
 */
function secretText(node: Node, decrypt: Decrypt | undefined): string | undefined {
  if (decrypt === undefined) return undefined
  const ciphertext = getAt(node, ['fn::secret', 'ciphertext'])
  if (ciphertext?.kind !== 'string') return undefined
  try {
    return decrypt(decodeEnvelope(ciphertext.value))
  } catch {
    return undefined
  }
}
