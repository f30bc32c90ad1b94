import type { YamlNode } from './tree.ts'

/** Returns the scalar that stands where nothing was written. */
export function emptyScalar(offset: number, line: number, column: number): YamlNode {
  return {
    kind: 'scalar',
    start: offset,
    end: offset,
    line,
    column,
    tag: '',
    contentStart: offset,
    style: 'plain',
    value: '',
  }
}
