import { expect } from 'chai'
import fc from 'fast-check'
import { type Diagram, dotText, mermaidText, svgText, treeText } from '../../../src/cli/diagram/index.ts'
import { layoutOf } from '../../../src/diagram/layout.ts'

/** From `a>b c>d`; of the nodes named alone, no link. */
function diagram(text: string, roots: readonly string[]): Diagram {
  const words = text.split(' ')
  const ids = [...new Set(words.flatMap((word) => word.split('>')))]
  return {
    roots,
    nodes: ids.map((id) => ({ id, title: id, lines: [], tone: 'plain' })),
    links: words.flatMap((word) => {
      const [from, to] = word.split('>')
      return to === undefined
        ? []
        : [{ from: from!, to, verb: 'has', line: 'solid' as const, note: '', tone: 'plain' as const }]
    }),
  }
}

interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

function boxesOf(svg: string): Box[] {
  return [
    ...svg.matchAll(/<rect class="box[^"]*" x="([\d.-]+)" y="([\d.-]+)" width="([\d.-]+)" height="([\d.-]+)"/g),
  ].map(([, x, y, width, height]) => ({ x: Number(x), y: Number(y), width: Number(width), height: Number(height) }))
}

const anyDiagram = fc
  .array(fc.tuple(fc.nat(14), fc.nat(14)), { maxLength: 40 })
  .map((pairs) => diagram(['n0', ...pairs.map(([from, to]) => `n${from}>n${to}`)].join(' '), ['n0']))

/** The words that make the diagram; with `kept`, of some links only. */
const words = (any: Diagram, kept: (from: string, to: string) => boolean = () => true) =>
  ['n0', ...any.links.filter(({ from, to }) => kept(from, to)).map(({ from, to }) => `${from}>${to}`)].join(' ')

describe('a diagram', () => {
  it('as a tree shows what is below each node, once', () => {
    expect(treeText(diagram('a>b a>c b>d c>d d>e', ['a']))).to.equal(`a
├─ has b
│  └─ has d
│     └─ has e
└─ has c
   └─ has d (shown above)
`)
  })

  it('as a tree ends at a cycle', () => {
    expect(treeText(diagram('a>b b>a b>b', ['a']))).to.equal('a\n└─ has b\n   ├─ has a (cycle)\n   └─ has b (cycle)\n')
  })

  it('as a tree may be deeper than the stack of the machine', () => {
    const words = Array.from({ length: 3000 }, (_, index) => `n${index}>n${index + 1}`)
    expect(treeText(diagram(words.join(' '), ['n0'])).split('\n')).to.have.length(3002)
  })

  it('is laid out so that links lead to the right, and back only where they close a cycle', async () => {
    const sizes = { node: () => ({ width: 60, height: 20 }), note: () => ({ width: 30, height: 10 }), margin: 5 }
    const layout = (text: string) => layoutOf(diagram(text, ['n0']), sizes)
    const backwards = async (text: string) => {
      const { boxes, routes } = await layout(text)
      for (const { link, points } of routes) {
        const [from, to] = [boxes.get(link.from)!, boxes.get(link.to)!]
        const forth = from.x < to.x
        expect(forth ? from.x + from.width <= to.x : to.x + to.width <= from.x).to.equal(true)
        const onSide = (box: Box, right: boolean) => ({
          x: box.x + (right ? box.width : 0),
          y: box.y + box.height / 2,
        })
        expect(points[0]).to.deep.equal(onSide(from, forth))
        expect(points.at(-1)).to.deep.equal(onSide(to, !forth))
        expect(
          points.every(({ x }, at) => at === 0 || (forth ? x >= points[at - 1]!.x : x <= points[at - 1]!.x)),
        ).to.equal(true)
      }
      return routes.filter(({ link }) => boxes.get(link.from)!.x > boxes.get(link.to)!.x).map(({ link }) => link.from)
    }
    expect(await backwards('n0>n1 n1>n2 n2>n0 n0>n2')).to.deep.equal(['n2'])
    await fc.assert(
      fc.asyncProperty(anyDiagram, async (any) => void (await backwards(words(any)))),
      { numRuns: 30 },
    )
    const downwards = anyDiagram.map((any) => words(any, (from, to) => from < to))
    await fc.assert(
      fc.asyncProperty(downwards, async (text) => void expect(await backwards(text)).to.deep.equal([])),
      { numRuns: 30 },
    )
  })

  it('is refused as a drawing where too many boxes follow one another', async () => {
    const long = Array.from({ length: 20_000 }, (_, index) => `n${index}>n${index + 1}`)
    await svgText(diagram(long.join(' '), ['n0']), 'long').then(
      () => expect.fail('it was drawn'),
      (error) => expect(error).to.have.property('code', 'limit_exceeded'),
    )
  })

  it('as SVG has no box upon another, and all of them in the picture', async () => {
    await fc.assert(
      fc.asyncProperty(anyDiagram, async (any) => {
        const svg = await svgText(any, 'title')
        const boxes = boxesOf(svg)
        const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)!.map(Number)
        expect(boxes).to.have.length(any.nodes.length)
        for (const [index, a] of boxes.entries()) {
          expect(a.x >= 0 && a.y >= 0 && a.x + a.width <= width! && a.y + a.height <= height!).to.equal(true)
          for (const b of boxes.slice(index + 1)) {
            const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y
            expect(apart, `${JSON.stringify(a)} ${JSON.stringify(b)}`).to.equal(true)
          }
        }
      }),
    )
  })

  it('cannot be broken by what names are made of', async () => {
    const hostile = 'a"b\\<script>alert(1)</script>&#;[x]{y}|`\u001b[2J\u0000\nnext'
    const any: Diagram = {
      roots: [hostile],
      nodes: [{ id: hostile, title: hostile, lines: [hostile], tone: 'problem' }],
      links: [{ from: hostile, to: hostile, verb: 'has', line: 'dashed', note: hostile, tone: 'problem' }],
    }
    const texts = {
      svg: await svgText(any, hostile),
      mermaid: mermaidText(any),
      dot: dotText(any),
      tree: treeText(any),
    }
    for (const [kind, text] of Object.entries(texts)) {
      expect(text, kind).not.to.match(/[\u0000-\u0009\u000b-\u001f]/)
    }
    expect(texts.svg).not.to.include('<script')
    expect(texts.mermaid).not.to.match(/<script|"b|\[x\]/)
    expect(texts.tree.split('\n')).to.have.length(4)
    // Without what is quoted, nothing of the name is left.
    expect(texts.dot.replace(/"(?:[^"\\]|\\.)*"/g, '""')).not.to.match(/script|alert/)
  })

  it('without nodes is empty, and a picture all the same', async () => {
    const none: Diagram = { roots: [], nodes: [], links: [] }
    expect(treeText(none)).to.equal('')
    expect(await svgText(none, 'nothing')).to.include('viewBox="0 0 16 16"')
    expect(mermaidText(none)).to.equal('flowchart LR\n')
  })
})
