import type { EnvironmentFiles } from './rows.ts'
import type { Bytes } from './tree.ts'

/** Files of an upper layer at most, after which both become one. */
const mostAbove = 64

/** Files, and above them those that were added or changed since: neither is copied. */
export class LayeredFiles implements EnvironmentFiles {
  readonly below: EnvironmentFiles
  readonly above: EnvironmentFiles

  constructor(below: EnvironmentFiles, above: EnvironmentFiles) {
    this.below = below
    this.above = above
  }

  get size(): number {
    return [...this.keys()].length
  }

  get(path: string): Bytes | undefined {
    return this.above.get(path) ?? this.below.get(path)
  }

  has(path: string): boolean {
    return this.above.has(path) || this.below.has(path)
  }

  *entries(): MapIterator<[string, Bytes]> {
    for (const [path, content] of this.below) yield [path, this.above.get(path) ?? content]
    for (const entry of this.above) if (!this.below.has(entry[0])) yield entry
  }

  *keys(): MapIterator<string> {
    for (const [path] of this.entries()) yield path
  }

  *values(): MapIterator<Bytes> {
    for (const [, content] of this.entries()) yield content
  }

  forEach(act: (content: Bytes, path: string, files: EnvironmentFiles) => void): void {
    for (const [path, content] of this.entries()) act(content, path, this)
  }

  [Symbol.iterator](): MapIterator<[string, Bytes]> {
    return this.entries()
  }
}

/** Files with others added or changed. It takes about as long as there are others. */
export function withFiles(files: EnvironmentFiles, changed: EnvironmentFiles): EnvironmentFiles {
  if (!(files instanceof LayeredFiles)) return new LayeredFiles(files, changed)
  const above = new Map([...files.above, ...changed])
  return above.size > mostAbove ? new Map([...files.below, ...above]) : new LayeredFiles(files.below, above)
}
