import { expect } from 'chai'
import fc from 'fast-check'
import {
  Budget,
  BudgetExceeded,
  type BudgetLimits,
  bounded,
  defaultLimits,
  scaledLimits,
  spend,
} from '../../src/budget.ts'
import { EscError } from '../../src/errors.ts'
import { cpuMsSince, expectWithin } from '../cpu-time.ts'
import { runs, slow } from '../sample.ts'
import { summariesOf, TestWorld, valuesOf } from './world.ts'

/** A hundredth of what is allowed by default. */
const small = scaledLimits(0.01)
const lines = (count: number, line: (i: number) => string) =>
  `values:\n${Array.from({ length: count }, (_, i) => `  ${line(i)}\n`).join('')}`
const doubling = lines(40, (i) => (i === 0 ? 'a0: xxxx' : `a${i}: "\${a${i - 1}}\${a${i - 1}}"`))

describe('the budget of an evaluation', () => {
  it('is far from used up by an environment of 10,000 keys', async () => {
    const text = lines(
      10_000,
      (i) => `key${i}: {host: "db-${i}.example", port: ${i}, url: "https://\${key${i}.host}/"}`,
    )
    const { diagnostics, environment } = await new TestWorld().evaluate(text, { limits: scaledLimits(0.1) })
    expect(diagnostics).to.deep.equal([])
    expect(Object.keys(environment!.properties!)).to.have.length(10_000)
  })

  it('is enough for a hundred environments on top of one another', async () => {
    const text = (i: number) =>
      lines(40, (k) => `s${k}: {a: {b: ${i}}, c: "\${s0.a.b}"}`) + (i < 99 ? `imports: [e${i + 1}]\n` : '')
    const files = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`e${i}`, text(i)]))
    const evaluation = await new TestWorld(files).evaluate('imports: [e0]\nvalues: {s1: {z: 1}}', {
      limits: scaledLimits(0.1),
    })
    expect(evaluation.diagnostics).to.deep.equal([])
    expect(valuesOf(evaluation)).to.contain('"s1":{"a":{"b":0},"c":0,"z":1}')
  })

  it('stops at an expression, which the diagnostic names with its place and its environment', async () => {
    const files = { lib: doubling }
    const { diagnostics, environment, environments } = await new TestWorld(files).evaluate(
      'imports: [lib]\nvalues: {x: 1}',
      {
        limits: small,
      },
    )
    expect(environment).to.equal(undefined)
    expect(environments).to.deep.equal(['root', 'lib'])
    const [{ summary, range, path, severity }] = diagnostics as [(typeof diagnostics)[0]]
    expect(severity).to.equal('error')
    expect(summary).to.equal(
      'the evaluation takes more than 4 MB, and stopped here; ESC_EVALUATION_BUDGET=4 allows four times as much, for definitions whose author you know',
    )
    expect(range?.environment).to.equal('lib')
    expect(path).to.match(/^values\.a\d+$/)
  })

  it('gives the same answer each time, whatever else is going on', async () => {
    const files = { a: 'imports: [c]\nvalues: {x: 1}', b: 'imports: [c]', c: doubling }
    const text = 'imports: [a, b]\nvalues: {o: {fn::open::echo: {a: 1}}, p: {fn::open::echo: {a: "${o.a}"}}}'
    const answers = new Set<string>()
    for (const concurrency of [1, 2, 64])
      for (let i = 0; i < 3; i++) {
        const { diagnostics } = await new TestWorld(files).evaluate(text, { limits: small }, { concurrency })
        answers.add(JSON.stringify(diagnostics))
      }
    expect([...answers]).to.have.length(1)
    expect([...answers][0]).to.contain('stopped here')
  })

  it('counts steps over all rounds, and bytes in each', async () => {
    const chained = lines(
      60,
      (i) => `k${i}: {fn::open::echo: {a: ${i === 0 ? `"${'x'.repeat(5000)}"` : `"\${k${i - 1}.a}"`}}}`,
    )
    const bytes = await new TestWorld().evaluate(chained, { limits: { steps: defaultLimits.steps, bytes: 4_000_000 } })
    expect(summariesOf(bytes)).to.deep.equal([])
    const steps = await new TestWorld().evaluate(chained, { limits: { steps: 200_000, bytes: defaultLimits.bytes } })
    expect(summariesOf(steps).join()).to.match(
      /^\d+:\d+ the evaluation takes more than 200,000 steps, and stopped here/,
    )
  })

  it('loses no credential: what was rotated before it ran out is reported', async () => {
    const world = new TestWorld().addRotator('gen', {}, () => ({ current: 'y'.repeat(1000) }))
    const tail = Array.from({ length: 12 }, (_, i) => `  a${i + 1}: "\${a${i}}\${a${i}}"\n`).join('')
    const text = `values:\n  r: {fn::rotate::gen: {inputs: {}}}\n  a0: "\${r.current}\${r.current}"\n${tail}`
    const { rotations, environment, diagnostics } = await world.evaluate(text, { mode: 'rotate', limits: small })
    expect(environment).to.equal(undefined)
    expect(diagnostics.at(-1)!.summary).to.contain('stopped here')
    expect(rotations.map(({ status, path }) => [status, path])).to.deep.equal([['succeeded', 'values.r']])
    expect(rotations[0]!.patch?.docPath).to.equal('values.r["fn::rotate::gen"].state')
  })

  it('is enough for a definition that is larger by the factor that is allowed', async () => {
    const text = lines(14, (i) => (i === 0 ? `a0: ${'x'.repeat(200)}` : `a${i}: "\${a${i - 1}}\${a${i - 1}}"`))
    const allowed = await new TestWorld().evaluate(text, { limits: scaledLimits(0.04) })
    expect(allowed.environment).not.to.equal(undefined)
    const refused = await new TestWorld().evaluate(text, { limits: scaledLimits(0.01) })
    expect(refused.environment).to.equal(undefined)
  })

  it('bounds what is worked out of an outcome only when it is read', async () => {
    const deep = `${'{a: '.repeat(5)}1${'}'.repeat(5)}`
    const files = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`e${i}`, `values: {v: ${deep}, k${i}: 1}`]))
    const limits: BudgetLimits = { steps: 700_000, bytes: defaultLimits.bytes }
    const { environment } = await new TestWorld(files).evaluate(`imports: [${Object.keys(files)}]`, { limits })
    expect(() => environment!.schema).to.throw(
      EscError,
      /^the schema of root would take more than 350,000 steps to show$/,
    )
  })

  it('is that of the work in progress only, also when the work throws', () => {
    expect(() => new Budget({ steps: 5, bytes: 5 }).within(() => spend(6))).to.throw(BudgetExceeded)
    spend(1_000_000_000)
    expect(() => bounded({ steps: 10, bytes: 10 }, 'it', () => spend(6))).to.throw(
      EscError,
      'it would take more than 5 steps to show',
    )
  })
})

/** Definitions that recurse, double, nest and are wide, in any mixture. */
const hostile = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'medium', maxDepth: 5 },
    fc.constantFrom(
      '1',
      'x',
      '"xxxxxxxx"',
      '"${a0}"',
      '"${a1}${a1}"',
      '"${a2}${a0}${a2}"',
      '["${a1}", "${a2}"]',
      '{l: "${a2}", r: "${a1}"}',
    ),
    fc.array(tie('expression'), { maxLength: 4 }).map((items) => `[${items.join(', ')}]`),
    fc
      .array(tie('expression'), { maxLength: 3 })
      .map((items) => `{${items.map((item, i) => `k${i}: ${item}`).join(', ')}}`),
    tie('expression').map((inner) => `{fn::toJSON: ${inner}}`),
    tie('expression').map((inner) => `{fn::toYAML: ${inner}}`),
    tie('expression').map((inner) => `{fn::toString: ${inner}}`),
    tie('expression').map((inner) => `{fn::toBase64: {fn::toString: ${inner}}}`),
    tie('expression').map((inner) => `{fn::fromJSON: {fn::toJSON: ${inner}}}`),
    tie('expression').map((inner) => `{fn::split: ["", {fn::toString: ${inner}}]}`),
    tie('expression').map(
      (inner) => `{fn::join: [{fn::toString: ${inner}}, {fn::split: [x, {fn::toString: ${inner}}]}]}`,
    ),
    tie('expression').map((inner) => `{fn::concat: [[${inner}], [${inner}]]}`),
    tie('expression').map((inner) => `{fn::open::echo: {a: ${inner}}}`),
    fc
      .tuple(
        fc.constantFrom('anyOf', 'oneOf'),
        fc.constantFrom('items', 'additionalProperties', 'anyOf'),
        tie('expression'),
      )
      .map(([keyword, inside, value]) => {
        const self = '{$ref: "#/$defs/x"}'
        const part = inside === 'anyOf' ? self : `{${inside}: ${self}}`
        return `{fn::validate: {schema: {$defs: {x: {${keyword}: [${part}, ${part}, {pattern: "(x?){50}b"}]}}, $ref: "#/$defs/x"}, value: ${value}}}`
      }),
  ),
}))

describe('definitions that recurse, double, nest and are wide', function () {
  this.timeout(slow ? 1_200_000 : 60_000)

  it('end within a budget, and within the time that it stands for', async () => {
    const definition = fc.record({
      parts: fc.array(hostile.expression, { minLength: 3, maxLength: 3 }),
      repeated: hostile.expression,
      count: fc.integer({ min: 0, max: 60 }),
      imports: fc.integer({ min: 0, max: 6 }),
    })
    await fc.assert(
      fc.asyncProperty(definition, async ({ parts, repeated, count, imports }) => {
        const next = (i: number) => repeated.replace(/a[012]\b/g, (name) => `b${Math.max(0, i - 1 - Number(name[1]))}`)
        const text = `${lines(3, (i) => `a${i}: ${parts[i]}`)}${Array.from({ length: count }, (_, i) => `  b${i}: ${i === 0 ? 'xy' : next(i)}\n`).join('')}`
        const files = Object.fromEntries(
          Array.from({ length: imports }, (_, i) => [
            `e${i}`,
            `${i === 0 ? '' : `imports: [e${i - 1}, e${Math.max(0, i - 2)}]\n`}${text}`,
          ]),
        )
        const root = imports === 0 ? text : `imports: [e${imports - 1}]\n${text}`
        const before = process.cpuUsage()
        const evaluation = await new TestWorld(files).evaluate(root, { limits: small }, { despiteErrors: true })
        if (evaluation.environment !== undefined)
          try {
            valuesOf(evaluation)
          } catch (error) {
            expect(error).to.be.instanceOf(EscError)
          }
        else expect(evaluation.diagnostics.at(-1)!.severity).to.equal('error')
        const ms = cpuMsSince(before)
        // With a hundredth of the budget. It is longer than a hundredth of the time that all of it
        // may take, for what is not yet compiled. Reading the texts is linear and counts no steps:
        // it takes half a microsecond per character, and twice that at first.
        const characters = root.length + Object.values(files).reduce((sum, file) => sum + file.length, 0)
        expectWithin(500 + characters / 1000, ms)
      }),
      runs(40, 3000),
    )
  })
})
