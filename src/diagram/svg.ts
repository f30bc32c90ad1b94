import { displayWidth } from '../syntax/index.ts'
import { type Diagram, type DiagramNode, harmless } from './diagram.ts'
import { layersOf, type Slot } from './layers.ts'

/** Pixels. Widths of letters are those of a font in which all are equally wide: nothing here can measure one. */
const letterWidth = 7.3
const lineHeight = 17
const padding = 10
const between = { layers: 110, slots: 22 }
const margin = 16
const passes = 8

interface Box {
  readonly x: number
  /** Changes while boxes are moved towards their neighbours. */
  y: number
  readonly width: number
  readonly height: number
}

/** The diagram as an SVG image that needs nothing else: no script, no font, no network. Ends in a line break. */
export function svgText(diagram: Diagram, title: string): string {
  const nodes = new Map(diagram.nodes.map((node) => [node.id, node]))
  const { layers, routes } = layersOf(diagram)
  const boxes = placed(layers, nodes)
  const all = [...boxes.values()]
  const width = Math.max(0, ...all.map((box) => box.x + box.width)) + margin
  const height = Math.max(0, ...all.map((box) => box.y + box.height)) + margin
  const loops = diagram.links.filter(({ from, to }) => from === to)
  const boxOf = new Map([...boxes].flatMap(([slot, box]) => (slot.id === undefined ? [] : [[slot.id, box] as const])))

  const lines = routes.map(({ link, slots, reversed }) => {
    const points = slots.flatMap((slot, index) => passing(boxes.get(slot)!, index, slots.length))
    const arrow = reversed ? 'marker-start="url(#arrow)"' : 'marker-end="url(#arrow)"'
    return `<path class="link ${link.line} ${link.tone}" d="${curve(points)}" ${arrow}/>${noteText(link.note, middle(points))}`
  })
  const loopLines = loops.map(({ from, line, tone }) => {
    const { x, y, width: w } = boxOf.get(from)!
    const [right, top] = [round(x + w - 24), round(y)]
    return `<path class="link ${line} ${tone}" d="M${right} ${top} c0 -14 16 -14 16 0" marker-end="url(#arrow)"/>`
  })
  const shapes = diagram.nodes.map((node) => boxText(node, boxOf.get(node.id)!))
  const size = `width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" ${size}>
<title>${escaped(title)}</title>
<style>${style}</style>
<defs>${arrowHead}</defs>
${[...lines, ...loopLines, ...shapes].join('\n')}
</svg>
`
}

const style = `
  text { font: 12px ui-monospace, Menlo, Consolas, monospace; fill: #1f2328 }
  .title { font-weight: bold }
  .note { font-size: 11px; text-anchor: middle; fill: #57606a; paint-order: stroke; stroke: #fff; stroke-width: 4px }
  .box { fill: #f6f8fa; stroke: #8c959f }
  .link { fill: none; stroke: #57606a }
  .dashed { stroke-dasharray: 5 4 }
  .box.problem, .link.problem { stroke: #cf222e }
  text.problem { fill: #cf222e }
  marker path { fill: #57606a }
`

const arrowHead =
  '<marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 0 L8 4 L0 8 z"/></marker>'

function placed(layers: readonly (readonly Slot[])[], nodes: ReadonlyMap<string, DiagramNode>): Map<Slot, Box> {
  const boxes = new Map<Slot, Box>()
  let x = margin
  for (const layer of layers) {
    const sizes = layer.map((slot) => sizeOf(slot.id === undefined ? undefined : nodes.get(slot.id)))
    const widest = Math.max(0, ...sizes.map(({ width }) => width))
    let y = margin
    for (const [index, slot] of layer.entries()) {
      const size = sizes[index]!
      // A link that passes goes straight through the whole width of the layer.
      boxes.set(slot, { x, y, ...size, width: slot.id === undefined ? widest : size.width })
      y += size.height + between.slots
    }
    x += widest + between.layers
  }
  for (let pass = 0; pass < passes; pass++) {
    const forth = pass % 2 === 0
    for (const layer of forth ? layers : [...layers].reverse()) approach(layer, boxes, forth ? 'before' : 'after')
  }
  const top = Math.min(...[...boxes.values()].map((box) => box.y))
  for (const box of boxes.values()) box.y += margin - top
  return boxes
}

/** Moves the boxes of a layer towards the middle of their neighbours, as far as their order allows. */
function approach(layer: readonly Slot[], boxes: Map<Slot, Box>, side: 'before' | 'after'): void {
  const wanted = layer.map((slot) => {
    const box = boxes.get(slot)!
    const neighbours = slot[side].map((each) => boxes.get(each)!)
    if (neighbours.length === 0) return box.y
    const mean = neighbours.reduce((sum, each) => sum + each.y + each.height / 2, 0) / neighbours.length
    return mean - box.height / 2
  })
  let free = Number.NEGATIVE_INFINITY
  let shift = 0
  for (const [index, slot] of layer.entries()) {
    const box = boxes.get(slot)!
    box.y = Math.max(wanted[index]!, free)
    shift += wanted[index]! - box.y
    free = box.y + box.height + between.slots
  }
  for (const slot of layer) boxes.get(slot)!.y += shift / layer.length
}

function sizeOf(node: DiagramNode | undefined): { readonly width: number; readonly height: number } {
  if (node === undefined) return { width: 0, height: 4 }
  const letters = Math.max(...[node.title, ...node.lines].map((line) => displayWidth(harmless(line))))
  return {
    width: letters * letterWidth + 2 * padding,
    height: (1 + node.lines.length) * lineHeight + 2 * padding - 4,
  }
}

interface Point {
  readonly x: number
  readonly y: number
}

/** Where a link touches a box: the right side of the first, the left side of the last, both of those it passes. */
function passing(box: Box, index: number, count: number): Point[] {
  const y = box.y + box.height / 2
  const [left, right] = [
    { x: box.x, y },
    { x: box.x + box.width, y },
  ]
  return index === 0 ? [right] : index === count - 1 ? [left] : [left, right]
}

/** Between layers a bend, over a layer straight on. */
function curve(points: readonly Point[]): string {
  const [first, ...rest] = points as [Point, ...Point[]]
  let path = `M${round(first.x)} ${round(first.y)}`
  for (const [index, { x, y }] of rest.entries()) {
    const from = points[index]!
    const half = (from.x + x) / 2
    path +=
      index % 2 === 1
        ? ` H${round(x)}`
        : ` C${round(half)} ${round(from.y)} ${round(half)} ${round(y)} ${round(x)} ${round(y)}`
  }
  return path
}

function middle(points: readonly Point[]): Point {
  const [a, b] = [points[0]!, points[1]!]
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 - 4 }
}

function noteText(note: string, { x, y }: Point): string {
  return note === '' ? '' : `<text class="note" x="${round(x)}" y="${round(y)}">${escaped(note)}</text>`
}

function boxText({ title, lines, tone }: DiagramNode, { x, y, width, height }: Box): string {
  const rows = [title, ...lines].map((line, index) => {
    const kind = index === 0 ? `title ${tone}` : 'line'
    const at = `x="${round(x + padding)}" y="${round(y + padding + 10 + index * lineHeight)}"`
    return `<text class="${kind}" ${at}>${escaped(line)}</text>`
  })
  const place = `x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"`
  return `<rect class="box ${tone}" ${place} rx="6"/>${rows.join('')}`
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10
}

function escaped(text: string): string {
  return harmless(text).replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
}
