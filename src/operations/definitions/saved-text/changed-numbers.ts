import type { Node, NumberNode, PropertyPath } from '../../../yaml/index.ts'

/** A number that programs would not get as it is written. */
export interface ChangedNumber {
  /** In the document. */
  readonly path: PropertyPath
  readonly node: NumberNode
  readonly written: string
  /** `text`: it is printed otherwise. `precision`: many programs round it. */
  readonly loss: 'text' | 'precision'
}

/**
 * Numbers below `values` whose text changes when they are printed, such as `1.10`, `0123` and
 * `1_000`, or that a double cannot hold.
 */
export function findChangedNumbers(root: Node | undefined, text: string): ChangedNumber[] {
  return [...changedNumbers(root, [], text)]
}

function* changedNumbers(node: Node | undefined, path: PropertyPath, text: string): Generator<ChangedNumber> {
  switch (node?.kind) {
    case 'number': {
      const written = writtenNumber(node, text)
      const loss = written === undefined ? undefined : lossOf(written, node.text)
      if (written !== undefined && loss !== undefined) yield { path, node, written, loss }
      return
    }
    case 'array':
      for (const [index, element] of node.elements.entries()) yield* changedNumbers(element, [...path, index], text)
      return
    case 'object':
      for (const { key, value } of node.entries) {
        // Elsewhere nothing is printed; schemas compare numbers, and what rotators keep is theirs.
        const printed = path.length > 0 || key.value === 'values'
        const isOther =
          (key.value === 'schema' && path.at(-1) === 'fn::validate') ||
          (key.value === 'state' && /^fn::rotate/.test(String(path.at(-1))))
        if (printed && !isOther) yield* changedNumbers(value, [...path, key.value], text)
      }
  }
}

/**
 * A number as the text of a definition or file has it. Undefined: it has no place there, or a tag
 * says that it is meant as a number.
 */
export function writtenNumber({ span }: NumberNode, text: string): string | undefined {
  const written = span && text.slice(span.start, span.end).trim()
  return written === undefined || /^[!&]/.test(written) ? undefined : written
}

/**
 * Returns how a number that is printed as `printed` differs from what was written. Undefined: it
 * does not.
 */
export function lossOf(written: string, printed: string): ChangedNumber['loss'] | undefined {
  if (/^[+-]?(?:Inf|NaN)$/.test(printed)) return undefined
  if (written !== printed) return 'text'
  if (!/^-?\d+$/.test(printed)) return undefined
  return Number.isSafeInteger(Number(printed)) ? undefined : 'precision'
}
