import type { Diagram } from './diagram.ts'

/** A node in its layer, or a place that a link passes through on its way over a layer. */
export interface Slot {
  /** Undefined: a link passes through here. */
  readonly id: string | undefined
  readonly before: Slot[]
  readonly after: Slot[]
}

/** A link as the slots it passes, in the direction of the layers: `reversed` when that is not its own. */
export interface Route {
  readonly link: Diagram['links'][number]
  readonly slots: readonly Slot[]
  readonly reversed: boolean
}

export interface Layers {
  /** From left to right; each from top to bottom. */
  readonly layers: readonly (readonly Slot[])[]
  readonly routes: readonly Route[]
}

const sweeps = 12

/**
 * Puts nodes into layers so that links lead to the right (Sugiyama's way): cycles are opened by turning links around, a node stands
 * behind all that lead to it, and the order within a layer follows the neighbours, so that few links cross.
 */
export function layersOf(diagram: Diagram): Layers {
  const reversed = linksThatCloseCycles(diagram)
  const edges = diagram.links.flatMap((link) => {
    if (link.from === link.to) return []
    const back = reversed.has(link)
    return [{ link, back, left: back ? link.to : link.from, right: back ? link.from : link.to }]
  })
  const ranks = longestPaths(diagram, edges)
  const slots = new Map(diagram.nodes.map(({ id }) => [id, { id, before: [], after: [] } as Slot]))
  const layers: Slot[][] = []
  for (const [id, slot] of slots) {
    const rank = ranks.get(id) ?? 0
    while (layers.length <= rank) layers.push([])
    layers[rank]!.push(slot)
  }
  const routes = edges.map(({ link, back, left, right }): Route => {
    const passed = [slots.get(left)!]
    for (let rank = ranks.get(left)! + 1; rank < ranks.get(right)!; rank++) {
      const slot: Slot = { id: undefined, before: [], after: [] }
      layers[rank]!.push(slot)
      passed.push(slot)
    }
    passed.push(slots.get(right)!)
    for (const [index, slot] of passed.slice(1).entries()) {
      passed[index]!.after.push(slot)
      slot.before.push(passed[index]!)
    }
    return { link, slots: passed, reversed: back }
  })
  return { layers: ordered(layers), routes }
}

/** Depth first, from the roots: a link to a node that is still open closes a cycle. */
function linksThatCloseCycles({ nodes, links, roots }: Diagram): Set<Diagram['links'][number]> {
  const outgoing = new Map(nodes.map(({ id }) => [id, [] as Diagram['links'][number][]]))
  for (const link of links) outgoing.get(link.from)?.push(link)
  const closing = new Set<Diagram['links'][number]>()
  const state = new Map<string, 'open' | 'done'>()
  for (const root of [...roots, ...nodes.map(({ id }) => id)]) {
    if (state.has(root)) continue
    state.set(root, 'open')
    const stack = [{ id: root, next: 0 }]
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const link = outgoing.get(top.id)![top.next++]
      if (link === undefined) {
        state.set(top.id, 'done')
        stack.pop()
      } else if (state.get(link.to) === 'open') closing.add(link)
      else if (!state.has(link.to)) {
        state.set(link.to, 'open')
        stack.push({ id: link.to, next: 0 })
      }
    }
  }
  return closing
}

/** The number of each node's layer: that of the longest path that leads to it. */
function longestPaths(
  { nodes }: Diagram,
  edges: readonly { readonly left: string; readonly right: string }[],
): Map<string, number> {
  const waiting = new Map(nodes.map(({ id }) => [id, 0]))
  const outgoing = new Map(nodes.map(({ id }) => [id, [] as string[]]))
  for (const { left, right } of edges) {
    waiting.set(right, waiting.get(right)! + 1)
    outgoing.get(left)!.push(right)
  }
  const ranks = new Map(nodes.map(({ id }) => [id, 0]))
  const ready = nodes.map(({ id }) => id).filter((id) => waiting.get(id) === 0)
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    for (const right of outgoing.get(id)!) {
      ranks.set(right, Math.max(ranks.get(right)!, ranks.get(id)! + 1))
      waiting.set(right, waiting.get(right)! - 1)
      if (waiting.get(right) === 0) ready.push(right)
    }
  }
  return ranks
}

/** Sorts each layer by the mean position of the neighbours, forth and back a few times. */
function ordered(layers: readonly Slot[][]): Slot[][] {
  const sorted = layers.map((layer) => [...layer])
  const position = new Map<Slot, number>()
  const number = (layer: readonly Slot[]) => {
    for (const [index, slot] of layer.entries()) position.set(slot, index)
  }
  sorted.forEach(number)
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const forth = sweep % 2 === 0
    for (const layer of forth ? sorted : [...sorted].reverse()) {
      const weight = new Map(
        layer.map((slot) => {
          const neighbours = forth ? slot.before : slot.after
          const sum = neighbours.reduce((total, each) => total + position.get(each)!, 0)
          return [slot, neighbours.length === 0 ? position.get(slot)! : sum / neighbours.length]
        }),
      )
      layer.sort((a, b) => weight.get(a)! - weight.get(b)!)
      number(layer)
    }
  }
  return sorted
}
