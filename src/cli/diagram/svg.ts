import {
  type Box,
  type Diagram,
  type DiagramNode,
  harmless,
  layoutOf,
  type Point,
  type Size,
} from '../../diagram/index.ts'
import { EscError } from '../../errors.ts'
import { present } from '../../present.ts'
import { displayWidth } from '../../yaml/index.ts'

/**
 * Pixels. Widths of letters are those of a font in which all are equally wide:
 * nothing here can measure one.
 */
const letterWidth = 7.3
const noteLetterWidth = 6.7
const lineHeight = 17
const padding = 10
const margin = 16

/**
 * The diagram as an SVG image that needs nothing else: no script, no font, no
 * network. Ends in a line break.
 */
export async function svgText(diagram: Diagram, title: string): Promise<string> {
  const sizes = new Map(diagram.nodes.map((node) => [node.id, sizeOf(node)]))
  const { boxes, routes, width, height } = await layoutOf(diagram, {
    node: (id) => present(sizes.get(id)),
    note: (text) => ({ width: displayWidth(harmless(text)) * noteLetterWidth, height: lineHeight }),
    margin,
  }).catch((error) => {
    if (!(error instanceof EscError)) throw error
    throw new EscError(error.code, error.message, {
      hint: 'draw a part of it by naming environments, or use --format dot or --format text',
    })
  })
  const lines = routes.map(
    ({ link, points }) =>
      `<path class="link ${link.line} ${link.tone}" d="${curve(points)}" marker-end="url(#arrow)"/>`,
  )
  const loops = diagram.links.filter(({ from, to }) => from === to)
  const loopLines = loops.map(({ from, line, tone }) => {
    const { x, y, width: w } = present(boxes.get(from))
    const [right, top] = [round(x + w - 24), round(y)]
    return `<path class="link ${line} ${tone}" d="M${right} ${top} c0 -14 16 -14 16 0" marker-end="url(#arrow)"/>`
  })
  const notes = routes.flatMap(({ link, note }) => (link.note === '' ? [] : [noteText(link.note, note)]))
  const shapes = diagram.nodes.map((node) => boxText(node, present(boxes.get(node.id))))
  const size = `width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" ${size}>
<title>${escaped(title)}</title>
<style>${style}</style>
<defs>${arrowHead}</defs>
${[...lines, ...loopLines, ...notes, ...shapes].join('\n')}
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
  '<marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 L8 4 L0 8 z"/></marker>'

function sizeOf(node: DiagramNode): Size {
  const letters = Math.max(...[node.title, ...node.lines].map((line) => displayWidth(harmless(line))))
  return {
    width: letters * letterWidth + 2 * padding,
    height: (1 + node.lines.length) * lineHeight + 2 * padding - 4,
  }
}

/** A curve through the points that leaves and reaches each of them level. */
function curve(points: readonly Point[]): string {
  const [first, ...rest] = points as readonly [Point, ...Point[]]
  let path = `M${round(first.x)} ${round(first.y)}`
  for (const [index, { x, y }] of rest.entries()) {
    const from = present(points[index])
    if (from.y === y) {
      path += ` H${round(x)}`
      continue
    }
    const half = (from.x + x) / 2
    path += ` C${round(half)} ${round(from.y)} ${round(half)} ${round(y)} ${round(x)} ${round(y)}`
  }
  return path
}

function noteText(note: string, { x, y }: Point): string {
  return note === '' ? '' : `<text class="note" x="${round(x)}" y="${round(y + 4)}">${escaped(note)}</text>`
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
