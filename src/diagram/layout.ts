import { EscError } from '../errors.ts'
import { present } from '../present.ts'
import type { Diagram, DiagramLink } from './diagram.ts'

/** Width and height in pixels. */
export interface Size {
  readonly width: number
  readonly height: number
}

export interface Point {
  readonly x: number
  readonly y: number
}

/** Rectangle; `x` and `y` are its upper left corner. */
export type Box = Size & Point

/** Link with the points that it passes, in its own direction. */
export interface LinkRoute {
  readonly link: DiagramLink
  /** From the side of a box to the side of another. */
  readonly points: readonly Point[]
  /** Middle of the link's note. */
  readonly note: Point
}

export interface Layout extends Size {
  readonly boxes: ReadonlyMap<string, Box>
  /** Links that lead from a box to itself have none. */
  readonly routes: readonly LinkRoute[]
}

/** Sizes of what is placed. */
export interface LayoutSizes {
  node(id: string): Size
  note(text: string): Size
  readonly margin: number
}

/** Above it, a quicker way to put nodes into layers is good enough. */
const manyNodes = 100

/**
 * Puts nodes into layers from left to right, so that links lead to the right and few of them cross.
 * A link that closes a cycle leads back.
 *
 * @throws EscError `limit_exceeded` where so many boxes follow one another that the
 *   library runs out of stack.
 */
export async function layoutOf(diagram: Diagram, sizes: LayoutSizes): Promise<Layout> {
  const { Graph, layout } = await import('../vendor/dagre.ts')
  const graph = new Graph<Size, Box, { points: Point[]; x: number; y: number }>({ multigraph: true })
  graph.setGraph({
    rankdir: 'LR',
    ranker: diagram.nodes.length > manyNodes ? 'longest-path' : 'network-simplex',
    nodesep: 22,
    edgesep: 16,
    ranksep: 80,
  } as never)
  // Cycles are opened depth first in this order: what a reader begins at stands on the left.
  const ids = new Set([...diagram.roots, ...diagram.nodes.map(({ id }) => id)])
  for (const id of ids) graph.setNode(id, { ...sizes.node(id) } as Box)
  const links = diagram.links.filter(({ from, to }) => from !== to)
  for (const [index, { from, to, note }] of links.entries()) {
    const size = note === '' ? { width: 1, height: 1 } : sizes.note(note)
    graph.setEdge(from, to, { ...size, labelpos: 'c' } as never, String(index))
  }
  try {
    layout(graph)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new EscError('limit_exceeded', 'too many boxes follow one another to draw them', {
      hint: 'draw a part of it',
    })
  }
  const { margin } = sizes
  const layers = layersOf(diagram.nodes.map(({ id }) => graph.node(id)))
  const boxes = new Map(
    diagram.nodes.map(({ id }) => {
      const { x, y, width, height } = graph.node(id)
      const { left } = present(layers.get(Math.round(x)))
      return [id, { x: left + margin, y: y - height / 2 + margin, width, height }] as const
    }),
  )
  const pairs = links.map(({ from, to }) => [from, to].sort().join('\n'))
  const routes = links.map((link, index): LinkRoute => {
    const { points, x, y } = graph.edge(link.from, link.to, String(index))
    const [from, to] = [graph.node(link.from), graph.node(link.to)]
    // Between two layers a link passes a point only where its note stands, or beside
    // another link of the same boxes.
    const isAlone = link.note === '' && pairs.filter((pair) => pair === pairs[index]).length === 1
    const passed = points.slice(1, -1).filter((point) => !isAlone || layers.has(Math.round(point.x)))
    const isForth = to.x > from.x
    // A link crosses a layer level, so that it touches no box above or below it.
    const level = [from, ...passed, to].flatMap((point) => {
      const { left, right } = layers.get(Math.round(point.x)) ?? { left: point.x, right: point.x }
      return (isForth ? [left, right] : [right, left]).map((x) => ({ x: x + margin, y: point.y + margin }))
    })
    const [first, last] = [present(boxes.get(link.from)), present(boxes.get(link.to))]
    const ends = [
      { x: isForth ? first.x + first.width : first.x, y: from.y + margin },
      { x: isForth ? last.x : last.x + last.width, y: to.y + margin },
    ] as const
    const all = [ends[0], ...level.slice(1, -1), ends[1]]
    return {
      link,
      points: all.filter(({ x, y }, at) => x !== all[at - 1]?.x || y !== all[at - 1]?.y),
      note: { x: x + margin, y: y + margin },
    }
  })
  if (diagram.nodes.length === 0) return { boxes, routes, width: margin, height: margin }
  const { width = 0, height = 0 } = graph.graph()
  return { boxes, routes, width: width + 2 * margin, height: height + 2 * margin }
}

/** The left and right edge of each layer, by the centre of its boxes in whole pixels. */
function layersOf(boxes: readonly Box[]): ReadonlyMap<number, { readonly left: number; readonly right: number }> {
  const layers = new Map<number, { left: number; right: number }>()
  for (const { x, width } of boxes) {
    const { left = x, right = x } = layers.get(Math.round(x)) ?? {}
    layers.set(Math.round(x), { left: Math.min(left, x - width / 2), right: Math.max(right, x + width / 2) })
  }
  return layers
}
