import type { ExportedMap } from '../../../evaluate/index.ts'
import { again, rich, step, type Text } from '../../../rich-text.ts'
import {
  type Diagnostic,
  decode,
  formatPropertyPath,
  getAt,
  type Node,
  type PropertyPath,
} from '../../../yaml/index.ts'
import { type ChangedNumber, findChangedNumbers } from './changed-numbers.ts'
import { type ClearSecret, findClearSecrets, textsOf } from './clear-secrets.ts'
import { findShapeMistakes } from './variable-shapes.ts'

export { lossOf, writtenNumber } from './changed-numbers.ts'
export { findClearSecrets } from './clear-secrets.ts'
export { findShapeMistakes } from './variable-shapes.ts'

/** Warnings about `environmentVariables` and `files` of a definition that was checked. */
export function shapeWarnings(name: string, text: string, properties: ExportedMap | undefined): Diagnostic[] {
  if (!mayHaveVariables(text)) return []
  const { node } = decode(name, text)
  return findShapeMistakes(name, node, properties).map(({ path, problem, remedy }) =>
    warning(name, `${problem}; ${remedy}`, path, nodeNear(node, path)),
  )
}

/** Returns the node at a path, or the nearest one above it. */
function nodeNear(root: Node | undefined, path: PropertyPath): Node | undefined {
  return getAt(root, path) ?? (path.length === 0 ? undefined : nodeNear(root, path.slice(0, -1)))
}

/** Spares definitions that have neither, however misspelt, being decoded once more. */
export function mayHaveVariables(text: string): boolean {
  return /env|f[il]/i.test(text)
}

/** A text that is about to be saved, in the place of another. */
export interface TextChange {
  readonly name: string
  readonly text: string
  /** The definition that it replaces. */
  readonly before: string
  /** The values come from a command line, where quotes are those of the shell. */
  readonly isTyped?: boolean
  /** Paths in the document below which somebody wanted plaintext. */
  readonly plaintext?: readonly PropertyPath[]
}

/**
 * Warnings about values that a change brings: texts that look like secrets, and numbers that are
 * not printed as they are written. What was there before is not repeated.
 */
export async function changeWarnings({
  name,
  text,
  before,
  isTyped = false,
  plaintext = [],
}: TextChange): Promise<Diagnostic[]> {
  if (text === before) return []
  const { node } = decode(name, text)
  let known: Set<string> | undefined
  const secrets = await findClearSecrets(node, text, () => {
    known ??= textsOf(decode(name, before).node, before)
    return known
  })
  const fresh = secrets.filter(({ path }) => !plaintext.some((each) => each.every((key, i) => path[i] === key)))
  return [...fresh.map((each) => secretWarning(name, each)), ...numberWarnings({ name, text, before, isTyped }, node)]
}

function secretWarning(name: string, { node, path, line }: ClearSecret): Diagnostic {
  const shown = shownPath(path)
  const settable = path[0] === 'values' && !path.some((key) => String(key).startsWith('fn::'))
  const encrypt = settable
    ? rich`${step('encrypt it', { do: 'encrypt-value', environment: name, path: shown })} or as fn::secret`
    : 'write it as fn::secret'
  const [summary, hint] =
    node === undefined
      ? [
          'this comment has something in it that looks like a secret, and is stored in the clear',
          'take it out, and change the secret if it is real',
        ]
      : [
          `${shown} looks like a secret, and is stored in the clear`,
          rich`${encrypt}, and change it if others may have read it`,
        ]
  // Without a range, so that no source line is shown.
  const noticedAt = { environment: name, line, column: node?.range?.begin.column ?? 1 }
  return { severity: 'warning', summary, hint, path: formatPropertyPath(path), noticedAt }
}

function numberWarnings({ name, text, before, isTyped }: TextChange, root: Node | undefined): Diagnostic[] {
  const numbers = findChangedNumbers(root, text)
  if (numbers.length === 0) return []
  const known = new Set(findChangedNumbers(decode(name, before).node, before).map(identity))
  return numbers
    .filter((each) => !known.has(identity(each)))
    .map((each) => {
      const summary = `${shownPath(each.path)} ${numberProblem(each)}`
      const hint = rich`${numberRemedy(each, isTyped)} to keep it as it is written`
      return { ...warning(name, summary, each.path, each.node), hint }
    })
}

/** Names whose values are not repeated: they may be secrets that have only digits. */
const DELICATE = /pass|pwd|secret|token|credential|pin|key|auth/i

function numberProblem({ path, node, loss }: ChangedNumber): string {
  if (loss === 'precision') return 'is a number with more digits than many programs can hold'
  return DELICATE.test(path.join())
    ? 'is a number, and is printed otherwise'
    : `is a number, and is printed as ${node.text}`
}

function numberRemedy({ path, written }: ChangedNumber, isTyped: boolean | undefined): Text {
  if (isTyped) return rich`pass ${again('string')}`
  return DELICATE.test(path.join()) || written.length > 40 ? 'put it in quotes' : `write "${written}" in quotes`
}

function identity({ path, written }: ChangedNumber): string {
  return `${formatPropertyPath(path)} ${written}`
}

function warning(name: string, summary: string, path: PropertyPath, node: Node | undefined): Diagnostic {
  const place =
    node?.range === undefined ? { noticedAt: { environment: name, line: 1, column: 1 } } : { range: node.range }
  return { severity: 'warning', summary, path: formatPropertyPath(path), ...place }
}

function shownPath(path: PropertyPath): string {
  return formatPropertyPath(path[0] === 'values' ? path.slice(1) : path)
}
