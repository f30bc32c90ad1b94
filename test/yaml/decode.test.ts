import { expect } from 'chai'
import { decode, getAt, type Node, type StringNode, subRange } from '../../src/yaml/index.ts'

/** `line:column/byte-line:column/byte` of a node. */
function rangeText(node: Node | undefined): string {
  if (node?.range === undefined) return 'none'
  const { begin, end } = node.range
  return `${begin.line}:${begin.column}/${begin.byte}-${end.line}:${end.column}/${end.byte}`
}

function nodeAt(text: string, ...path: (string | number)[]): Node | undefined {
  return getAt(decode('env', text).node, path)
}

describe('decode()', () => {
  it('takes a text of zero bytes for an empty object without a place', () => {
    const { node, diagnostics, failed } = decode('env', '')
    expect(node).to.deep.include({ kind: 'object', range: undefined, entries: [] })
    expect(diagnostics).to.deep.equal([])
    expect(failed).to.equal(false)
  })

  it('gives no node, and no failure, for a null document', () => {
    for (const text of ['~\n', 'null\n', '# only a comment\n', '\n\n', '---\n', '--- # c\n...\n', '\ufeff']) {
      expect(decode('env', text), JSON.stringify(text)).to.deep.equal({
        node: undefined,
        diagnostics: [],
        failed: false,
      })
    }
  })

  it('reports a syntax error once, without a range, and tells where reading stopped', () => {
    const decoded = decode('env', 'values:\n  list: [hello, world\n')
    expect(decoded.diagnostics).to.deep.equal([
      {
        severity: 'error',
        summary: "yaml: line 1: did not find expected ',' or ']'",
        noticedAt: { environment: 'env', line: 3, column: 1 },
        path: '',
      },
    ])
    expect(decoded.node).to.equal(undefined)
    expect(decoded.failed).to.equal(true)
    expect(decode('env', 'a: 1\nb: "x\\q"\n').diagnostics[0]).to.deep.include({
      noticedAt: { environment: 'env', line: 2, column: 6 },
    })
  })

  it('reads the first document and ignores the rest', () => {
    expect(nodeAt('a: 1\n---\n]]]\n', 'a')).to.include({ kind: 'number', text: '1' })
    expect(nodeAt('%YAML 1.1\n---\na: 1\n', 'a')).to.include({ text: '1' })
    expect(decode('env', '%YAML 1.2\n---\na: 1\n').diagnostics[0]?.summary).to.equal(
      'yaml: found incompatible YAML document',
    )
  })

  it('keeps duplicate keys, and keys that are names of other things', () => {
    const { node } = decode('env', 'a: 1\na: 2\n__proto__: {x: 1}\nconstructor: 3\n<<: 4\n')
    expect(node?.kind === 'object' && node.entries.map(({ key }) => key.value)).to.deep.equal([
      'a',
      'a',
      '__proto__',
      'constructor',
      '<<',
    ])
    expect(({} as Record<string, unknown>).x).to.equal(undefined)
  })

  it('reports aliases where they stand and goes on', () => {
    const { diagnostics, failed, node } = decode('env', 'a: &x 1\nb: *x\nc: [*x]\n')
    expect(failed).to.equal(true)
    expect(diagnostics.map(({ summary, path }) => [summary, path])).to.deep.equal([
      ['alias nodes are not supported', 'b'],
      ['alias nodes are not supported', 'c[0]'],
    ])
    expect(diagnostics[0]?.range?.end).to.deep.equal({ line: 2, column: 5, byte: 12 })
    expect(getAt(node, ['b'])).to.include({ kind: 'null', range: undefined })
    expect(decode('env', 'a: *x\n').diagnostics[0]?.summary).to.equal("yaml: unknown anchor 'x' referenced")
    expect(decode('env', '&x a: 1\n*x : 2\n').diagnostics[0]?.summary).to.equal('alias nodes are not supported')
  })

  it('reports keys that are no strings', () => {
    const text = '1: a\ntrue: b\n~: c\n? [x]\n: d\n"2": ok\n2001-12-14: ok\n'
    const { diagnostics } = decode('env', text)
    expect(diagnostics.map(({ summary }) => summary)).to.deep.equal(Array(4).fill('mapping keys must be strings'))
    expect(diagnostics.map(({ path }) => path)).to.deep.equal(['["1"]', 'true', '["~"]', ''])
  })

  it('never shows a mistyped secret in a message', () => {
    for (const text of [
      'a: {fn::secret: *hunter2}',
      'a:\n  fn::secret: *hunter2',
      'a: {"fn::secret": !!int hunter2}',
    ]) {
      const { diagnostics } = decode('env', text)
      expect(diagnostics).to.have.length(1)
      expect(JSON.stringify(diagnostics)).to.not.include('hunter2')
      expect(diagnostics[0]?.summary).to.include('[secret]')
    }
  })
})

describe('ranges', () => {
  it('start where the node starts, tag and anchor included, and are as long as the decoded value', () => {
    const text = 'a: plain\nb: "ab"\nc: !!int "5"\nd: !tag 42\ne: &x y\nf:\n- \n-   z\n'
    expect(rangeText(nodeAt(text, 'a'))).to.equal('1:4/3-1:9/8')
    expect(rangeText(nodeAt(text, 'b'))).to.equal('2:4/12-2:6/14')
    expect(rangeText(nodeAt(text, 'c'))).to.equal('3:4/20-3:5/21')
    expect(rangeText(nodeAt(text, 'd'))).to.equal('4:4/33-4:11/40')
    expect(rangeText(nodeAt(text, 'e'))).to.equal('5:4/44-5:5/45')
    expect(rangeText(nodeAt(text, 'f', 0))).to.equal('7:2/53-7:2/53')
    expect(rangeText(nodeAt(text, 'f', 1))).to.equal('8:5/59-8:6/60')
    expect(rangeText(nodeAt(text, 'f'))).to.equal('7:1/52-8:6/60')
  })

  it('of literal blocks count their lines, of folded ones do not', () => {
    const text = 'a: |\n  one\n  three\nb: >\n  one\n  two\nc: 1\n'
    expect(rangeText(nodeAt(text, 'a'))).to.equal('1:4/3-3:4/14')
    expect(rangeText(nodeAt(text, 'b'))).to.equal('4:4/22-4:12/30')
  })

  it('of collections end with the last child, brackets left out', () => {
    const text = 'a: [ 1, 22 ]\nb: {}\nc: {x: [y]}\n'
    expect(rangeText(nodeAt(text, 'a'))).to.equal('1:4/3-1:11/10')
    expect(rangeText(nodeAt(text, 'b'))).to.equal('2:4/16-2:4/16')
    expect(rangeText(nodeAt(text, 'c'))).to.equal('3:4/22-3:10/28')
  })

  it('take columns for cells on lines that are not ASCII', () => {
    const text = 'values:\n  hello: wide\n  世界: hello\n'
    const { node } = decode('env', text)
    const values = getAt(node, ['values'])
    const entry = values?.kind === 'object' ? values.entries[1] : undefined
    expect(rangeText(entry?.key)).to.equal('3:3/24-3:9/32')
    expect(rangeText(entry?.value)).to.equal('3:7/30-3:12/35')
  })

  it('have byte 0 on a last line without a final line break', () => {
    expect(rangeText(nodeAt('a: 1\nb: 2', 'b'))).to.equal('2:4/0-2:5/0')
    expect(rangeText(nodeAt('a: 1\nb: 2', 'a'))).to.equal('1:4/3-1:5/4')
  })

  it('of parts of a scalar exist for plain scalars alone', () => {
    const text = 'a: x ${b.c}\nb: "${b}"\nc: !!str ${b}\nd: 世 ${b}\n'
    const part = (path: string, start: number, end: number) => subRange(nodeAt(text, path) as StringNode, start, end)
    expect(part('a', 4, 5)).to.deep.equal({
      environment: 'env',
      begin: { line: 1, column: 8, byte: 7 },
      end: { line: 1, column: 9, byte: 8 },
    })
    expect(part('b', 2, 3)).to.equal(undefined)
    expect(part('c', 2, 3)).to.equal(undefined)
    expect(part('d', 4, 5)?.begin.column).to.equal(9)
  })
})

describe('spans', () => {
  it('cover exactly the source text of a node', () => {
    const text =
      '\ufeffa: &x !t  "q" # c\r\nb: {k: [1,2] }\r\nc: |\r\n  lit\r\n\r\nd:\r\n  - e: 1\r\n    f: >-\r\n     x\r\n'
    const span = (...path: (string | number)[]) => {
      const found = nodeAt(text, ...path)?.span
      return found && text.slice(found.start, found.end)
    }
    expect(span('a')).to.equal('&x !t  "q"')
    expect(span('b')).to.equal('{k: [1,2] }')
    expect(span('b', 'k')).to.equal('[1,2]')
    expect(span('c')).to.equal('|\r\n  lit')
    expect(span('d')).to.equal('- e: 1\r\n    f: >-\r\n     x')
    expect(span('d', 0, 'f')).to.equal('>-\r\n     x')
  })
})
