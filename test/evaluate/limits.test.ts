import { expect } from 'chai'
import type { ExportedValue } from '../../src/evaluate/index.ts'
import { cpuMsSince, expectWithin } from '../cpu-time.ts'
import { summariesOf, TestWorld, valuesOf } from './world.ts'

const many = 10_000
const name = (i: number) => `k${String(i).padStart(6, '0')}`
const lines = (line: (i: number) => string, count = many) =>
  `values:\n${Array.from({ length: count }, (_, i) => `  ${name(i)}: ${line(i)}\n`).join('')}`

/** Evaluates and reads everything an outcome has. */
async function evaluate(text: string, files: Record<string, string> = {}) {
  const evaluation = await new TestWorld(files).evaluate(text, {}, { despiteErrors: true })
  const { exprs, schema, properties } = evaluation.environment ?? {}
  return { evaluation, summaries: summariesOf(evaluation), exprs, schema, properties }
}

describe('limits', function () {
  this.timeout(20_000)

  it('references in a row of 10,000 are followed to the end', async () => {
    for (const next of [(i: number) => i + 1, (i: number) => i - 1]) {
      const text = lines((i) => (next(i) < 0 || next(i) >= many ? 'end' : `\${${name(next(i))}}`))
      const { summaries, properties } = await evaluate(text)
      expect(summaries).to.deep.equal([])
      expect(properties![name(0)]!.value).to.equal('end')
      expect(properties![name(many - 1)]!.value).to.equal('end')
    }
  })

  it('what is reported on the way is reported once', async () => {
    const text = lines((i) => (i === 999 ? 'end' : `x\${bad}\${${name(i + 1)}}`), 1000)
    const { summaries } = await evaluate(text)
    expect(summaries).to.have.length(999)
    expect(new Set(summaries).size).to.equal(999)
  })

  it('a circle of 10,000 references is found', async () => {
    const { summaries } = await evaluate(lines((i) => `\${${name((i + 1) % many)}}`))
    expect(summaries).to.have.length(1)
    expect(summaries[0]).to.contain('cyclic reference to k')
  })

  it('deep references inside calls and operands evaluate', async () => {
    const text = lines((i) => (i === 1999 ? 'x' : `{fn::join: ["", ["\${${name(i + 1)}}"]]}`), 2000)
    const { summaries, properties } = await evaluate(text)
    expect([summaries, properties![name(0)]!.value]).to.deep.equal([[], 'x'])
  })

  for (const [what, text] of [
    ['lists', `values: {a: ${'['.repeat(many)}${']'.repeat(many)}}`],
    ['objects', `values: {a: ${'{a: '.repeat(many)}1${'}'.repeat(many)}}`],
    ['blocks', `values:\n${Array.from({ length: many }, (_, i) => `${' '.repeat(i + 1)}a:\n`).join('')}`],
    ['block lists', `values:\n  a:\n    ${'- '.repeat(many)}x`],
    ['calls', `values: {a: ${'{fn::final: '.repeat(many)}1${'}'.repeat(many)}}`],
    ['JSON text', `values: {a: {fn::fromJSON: "${'['.repeat(many)}"}}`],
  ] as const)
    it(`${what} nested 10,000 deep are a diagnostic`, async () => {
      const { summaries } = await evaluate(text)
      expect(summaries.join()).to.match(/deep|depth/)
    })

  it('nesting that documents have is no problem', async () => {
    for (const depth of [100, 300, 400]) {
      const { summaries, evaluation } = await evaluate(
        `values: {a: ${'{a: ['.repeat(depth / 2)}x${']}'.repeat(depth / 2)}, b: {fn::toJSON: "\${a}"}, c: "\${a}"}`,
      )
      expect(summaries).to.deep.equal([])
      expect(valuesOf(evaluation)).to.contain('"x"')
    }
  })

  it('values nested by reference are refused when they grow too deep', async () => {
    const { summaries } = await evaluate(lines((i) => (i === 0 ? 'x' : `["\${${name(i - 1)}}"]`), 2000))
    expect(summaries[0]).to.contain('nested more than')
  })

  it('values and texts that double are refused when they grow too large', async () => {
    const double = (i: number) => `\${${name(i - 1)}}`
    const values = await evaluate(lines((i) => (i === 0 ? 'x' : `["${double(i)}", "${double(i)}"]`), 60))
    expect(values.summaries.join()).to.contain('the value is too large')
    const texts = await evaluate(lines((i) => (i === 0 ? 'x' : double(i) + double(i)), 60))
    expect(texts.summaries.join()).to.contain('the text is too long')
  })

  it('long chains and lists of imports work, longer ones are a diagnostic', async () => {
    const chain = (length: number) => {
      const files: Record<string, string> = {}
      for (let i = 1; i <= length; i++)
        files[`e${i}`] = `${i < length ? `imports: [e${i + 1}]\n` : ''}values: {n: ${i}, o${i}: {x: 1}, s: {l: ${i}}}`
      return files
    }
    const { summaries, properties } = await evaluate('imports: [e1]\nvalues: {s: {l: 0}}', chain(800))
    expect(summaries).to.deep.equal([])
    let depth = 0
    for (let value: ExportedValue | undefined = properties!.s; value; value = value.trace.base) depth++
    expect([depth, Object.keys(properties!).length]).to.deep.equal([801, 802])
    expect((await evaluate('imports: [e1]', chain(3000))).summaries.join()).to.contain('on top of one another')

    const list = chain(0)
    for (let i = 0; i < 800; i++) list[`e${i}`] = `values: {n: ${i}, s: {l: ${i}}}`
    const listed = await evaluate(`imports: [${Object.keys(list).join()}]\nvalues: {s: {l: 0}}`, list)
    expect([listed.summaries, listed.properties!.n!.value]).to.deep.include.members([[]])
  })

  it('environments that refer to one another inline are followed, up to a limit', async () => {
    const files: Record<string, string> = {}
    for (let i = 1; i <= 60; i++) files[`p/e${i}`] = `values: {n: [[[["\${environments.p.e${i + 1}.n[0][0][0][0]}"]]]]}`
    files['p/e61'] = 'values: {n: [[[[x]]]]}'
    const near = await evaluate('values: {n: "${environments.p.e45.n}"}', files)
    expect([near.summaries, valuesOf(near.evaluation)]).to.deep.equal([[], '{"n":[[[["x"]]]]}'])
    const far = await evaluate('values: {n: "${environments.p.e1.n}"}', files)
    expect(far.summaries.join()).to.contain('levels deep')
  })

  it('names that objects are born with are names like any other', async () => {
    const { evaluation, summaries } = await evaluate(`values:
  __proto__: {polluted: yes, a: "\${constructor}"}
  constructor: 1
  x: \${__proto__.polluted}
  y: {fn::fromJSON: '{"__proto__": {"z": 1}}'}
  z: \${hasOwnProperty}
  w: \${x.toString}
  t: {fn::toString: "\${__proto__}"}
`)
    expect(valuesOf(evaluation)).to.equal(
      '{"__proto__":{"a":1,"polluted":"yes"},"constructor":1,"t":"\\"a\\"=\\"1\\",\\"polluted\\"=\\"yes\\"","w":"[unknown]","x":"yes","y":{"__proto__":{"z":1}},"z":"[unknown]"}',
    )
    expect(summaries).to.deep.equal([
      '7:9 receiver must be an array or an object',
      '6:8 unknown property "hasOwnProperty"',
    ])
    expect(({} as Record<string, unknown>).polluted).to.equal(undefined)
  })

  it('very many mistakes take no very long time', async () => {
    const before = process.cpuUsage()
    const { summaries } = await evaluate(lines((i) => `\${l${name(i)}}`))
    expect(summaries).to.have.length(many)
    expectWithin(8000, cpuMsSince(before))
  })

  it('a document of 10 MB evaluates', async () => {
    const text = `values:\n${Array.from({ length: 1000 }, (_, i) => `  k${i}:\n${`    - ${'x'.repeat(95)} \${k0[0]}\n`.repeat(i === 0 ? 0 : 95)}${i === 0 ? '    - a\n' : ''}`).join('')}`
    expect(text.length).to.be.greaterThan(9.5e6)
    const { summaries } = await evaluate(text)
    expect(summaries).to.deep.equal([])
  }).timeout(60_000)
})
