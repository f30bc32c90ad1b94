import { posix } from 'node:path'
import { type SourceFile, sources } from './sources.ts'

/** Files by path, each with the paths of the files that it imports. */
type ImportGraph = ReadonlyMap<string, readonly string[]>

const importPattern =
  /(?:^|\n)\s*(?:import|export)\b[^'"`;]*?from\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)\s*import\s*['"]([^'"]+)['"]/g

/**
 * Specifiers that a text imports or re-exports from, in order: static, dynamic and type-only ones.
 */
export function importsOf(text: string): string[] {
  return [...text.matchAll(importPattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}

/** Sentences about files that import one another, one for each group of them. */
export function circleProblems(files: readonly SourceFile[] = sources()): string[] {
  const graph = new Map(
    files.map(({ file, text }) => [
      file,
      importsOf(text)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => posix.join(posix.dirname(file), specifier)),
    ]),
  )
  return groupsOf(graph).map((group) => {
    const circle = shortestCircle(graph, group)
    return `${circle.join(' -> ')}: these files import one another: move what both need to a file below them`
  })
}

/**
 * Groups of files that reach one another, by Tarjan's algorithm. A file that imports itself is a
 * group.
 */
function groupsOf(graph: ImportGraph): string[][] {
  const groups: string[][] = []
  const order = new Map<string, number>()
  const waiting: string[] = []
  /** Returns the earliest file, by its place in `order`, that is reached and still waits. */
  const visit = (file: string): number => {
    const own = order.size
    let earliest = own
    order.set(file, own)
    waiting.push(file)
    for (const target of graph.get(file) ?? []) {
      const known = order.get(target)
      if (known === undefined) earliest = Math.min(earliest, visit(target))
      else if (waiting.includes(target)) earliest = Math.min(earliest, known)
    }
    if (earliest < own) return earliest
    const group = waiting.splice(waiting.indexOf(file))
    if (group.length > 1 || graph.get(file)?.includes(file)) groups.push(group)
    return own
  }
  for (const file of graph.keys()) if (!order.has(file)) visit(file)
  return groups
}

/** A shortest circle through the first file of a group, which stands at both ends. */
function shortestCircle(graph: ImportGraph, group: readonly string[]): readonly string[] {
  const start = group.toSorted()[0] ?? ''
  const ways = [[start]]
  const seen = new Set<string>()
  for (const way of ways) {
    for (const target of graph.get(way.at(-1) ?? '') ?? []) {
      if (target === start) return [...way, start]
      if (!group.includes(target) || seen.has(target)) continue
      seen.add(target)
      ways.push([...way, target])
    }
  }
  return group
}
