import type { Diagram } from '../../diagram/index.ts'
import { graphTexts as texts } from '../later-texts.ts'
import { perform } from '../perform.ts'

/** The graph of environments, as the operation answers it. */
export interface EnvironmentGraph {
  readonly environments: readonly GraphedEnvironment[]
  readonly links: readonly GraphLink[]
  readonly cycles: readonly (readonly string[])[]
  readonly roots: readonly string[]
}

export interface GraphedEnvironment {
  /** The name; of an earlier revision, with `@` and its number. */
  readonly id: string
  readonly name: string
  readonly problem?: string
  readonly rotators: readonly { readonly path: string; readonly rotator?: string }[]
}

export interface GraphLink {
  readonly from: string
  readonly to: string
  readonly kind: 'import' | 'reference'
  readonly version: string
  readonly merge?: boolean
  readonly forRotators: readonly string[]
  readonly cyclic: boolean
}

/** Loads the graph of all that the person may see; with `of`, of one and what it leads to. */
export async function loadGraph(of?: string): Promise<EnvironmentGraph> {
  return (await perform<EnvironmentGraph>('graph-environments', undefined, of === undefined ? [] : [of])).result
}

/** Ids of what one environment leads to, and of what leads to it, itself included. */
export function relatives(links: readonly GraphLink[], id: string): ReadonlySet<string> {
  const found = new Set<string>()
  for (const [near, far] of [
    ['from', 'to'],
    ['to', 'from'],
  ] as const) {
    const next = new Map<string, string[]>()
    for (const link of links) next.set(link[near], [...(next.get(link[near]) ?? []), link[far]])
    const seen = new Set([id])
    for (const each of seen) for (const other of next.get(each) ?? []) seen.add(other)
    for (const each of seen) found.add(each)
  }
  return found
}

/** Rotated secrets that a box names; of more it tells how many. */
const mostRotators = 3

/** The part of a graph that is drawn. An environment that is linked to nothing is not in it. */
export function diagramOf(graph: EnvironmentGraph, drawn: ReadonlySet<string>): Diagram {
  const links = graph.links.filter(({ from, to }) => drawn.has(from) && drawn.has(to))
  const linked = new Set(links.flatMap(({ from, to }) => [from, to]))
  const nodes = graph.environments.filter(({ id }) => linked.has(id) || drawn.size === 1)
  return {
    nodes: nodes
      .filter(({ id }) => drawn.has(id))
      .map(({ id, problem, rotators }) => ({
        id,
        title: id,
        lines: [
          ...(problem === undefined ? [] : [problem]),
          ...rotators
            .slice(0, mostRotators)
            .map(({ path, rotator = '' }) => `↻ ${path}${rotator === '' ? '' : `: ${rotator}`}`),
          ...(rotators.length > mostRotators ? [texts.more(rotators.length - mostRotators)] : []),
        ],
        tone: problem === undefined ? 'plain' : 'problem',
      })),
    links: links.map(({ from, to, kind, version, cyclic }) => ({
      from,
      to,
      verb: kind === 'import' ? texts.imports : texts.refersTo,
      line: kind === 'import' ? 'solid' : 'dashed',
      note: version === 'latest' ? '' : `@${version}`,
      tone: cyclic ? 'problem' : 'plain',
    })),
    roots: graph.roots.filter((id) => linked.has(id)),
  }
}

/** The environments that one is linked to, by how. */
export interface Neighbours {
  readonly imports: readonly string[]
  readonly refersTo: readonly string[]
  readonly importedBy: readonly string[]
  readonly referredBy: readonly string[]
}

/** The neighbours of each environment, by its id. */
export function neighboursOf(links: readonly GraphLink[]): ReadonlyMap<string, Neighbours> {
  const all = new Map<string, { [Key in keyof Neighbours]: string[] }>()
  const at = (id: string) => {
    const known = all.get(id) ?? { imports: [], refersTo: [], importedBy: [], referredBy: [] }
    all.set(id, known)
    return known
  }
  for (const { from, to, kind } of links) {
    const [there, back] =
      kind === 'import' ? (['imports', 'importedBy'] as const) : (['refersTo', 'referredBy'] as const)
    if (!at(from)[there].includes(to)) at(from)[there].push(to)
    if (!at(to)[back].includes(from)) at(to)[back].push(from)
  }
  return all
}

/** The address of the page of an environment, or of one of its tabs. */
export function pageOf(id: string, tab?: string): string {
  const [name = ''] = id.split('@')
  return `/environments/${name.split('/').map(encodeURIComponent).join('/')}${tab === undefined ? '' : `/${tab}`}`
}
