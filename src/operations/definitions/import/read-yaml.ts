import { EscError } from '../../../errors.ts'
import { decode, type ObjectNode, placeOf } from '../../../yaml/index.ts'

interface ReadOptions {
  /** The remedy for a file of several documents. */
  readonly severalHint?: string
  /** The error for a file that holds no object. Default: it says that there are no keys. */
  readonly otherFile?: EscError
}

/**
 * The object that a YAML or JSON file of another program holds. `what` names the file in messages.
 */
export function readObject(text: string, what: string, { severalHint, otherFile }: ReadOptions = {}): ObjectNode {
  const { node, diagnostics, rest } = decode(what, text)
  const [first] = diagnostics
  if (first !== undefined) {
    throw new EscError('invalid_input', `${placeOf(first) ?? what}: ${first.summary}`, {
      hint: 'correct the file first',
    })
  }
  const noObject =
    otherFile ??
    new EscError('invalid_input', `${what} holds no keys and values`, {
      hint: 'give a file whose outermost level is an object of keys and values',
    })
  if (node?.kind === 'string' || node?.kind === 'number' || node?.kind === 'boolean') throw noObject
  if (rest !== undefined) {
    throw new EscError('invalid_input', `${what}:${rest.line + 1}: the file goes on behind its first YAML document`, {
      hint: severalHint ?? 'split it into one file per document, and import each',
    })
  }
  if (node?.kind === 'object') return node
  throw noObject
}
