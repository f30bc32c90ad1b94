import { expect } from 'chai'
import type { ExportedMap, ExportedValue } from '../../src/evaluate/index.ts'
import { environmentToJson } from '../../src/evaluate/index.ts'
import { formatJson } from '../../src/json.ts'
import { TestWorld } from './world.ts'

describe('exported environments', () => {
  const world = new TestWorld({
    base: 'values: {o: {a: 1, b: {c: 1}}, ctx: "${context.currentEnvironment}"}',
    middle: 'imports: [base]\nvalues: {o: {a: 2}}',
  })
  const evaluate = () => world.evaluate('imports: [middle]\nvalues: {o: {a: 3, b: {d: 1}}, ctx: {more: 1}}')
  const inside = (value: ExportedValue, ...keys: string[]) =>
    keys.reduce((at, key) => (at.value as ExportedMap)[key]!, value)

  it('share what a value inherits and what its parts overlay', async () => {
    const { o } = (await evaluate()).environment!.properties!
    expect(inside(o!.trace.base!, 'a')).to.equal(inside(o!, 'a').trace.base)
    expect(inside(o!.trace.base!, 'b')).to.equal(inside(o!, 'b').trace.base)
    expect(inside(o!.trace.base!.trace.base!, 'a')).to.equal(inside(o!, 'a').trace.base!.trace.base)
    expect(inside(o!.trace.base!, 'b', 'c')).to.equal(inside(o!, 'b', 'c'))
  })

  it('say of what no document defines that it is of the environment, or of an import', async () => {
    const { ctx } = (await evaluate()).environment!.properties!
    expect(inside(ctx!, 'name').trace.def.environment).to.equal('root')
    expect(inside(ctx!.trace.base!, 'name')).to.equal(inside(ctx!, 'name'))
  })

  it('are ordinary data to whoever serialises them', async () => {
    const { environment } = await evaluate()
    const { ctx, o } = environment!.properties!
    expect(Object.keys(o!)).to.deep.equal(['value', 'trace'])
    expect(JSON.parse(JSON.stringify(ctx)).trace.base.trace.def.environment).to.equal('base')
    expect(JSON.parse(formatJson(environmentToJson(environment!))).exprs.o.base.base.object.a.literal).to.equal(1)
  })

  it('keep every base in a trace where one of them is not known', async () => {
    const layers = new TestWorld({
      low: 'values: {a: {fn::open::echo: {x: 1, m: {y: 1}}}}',
      mid: 'imports: [low]\nvalues: {a: {m: {y: 2}}}',
    })
    const { environment } = await layers.evaluate('imports: [mid]\nvalues: {a: {m: {y: 3}}}', { mode: 'check' })
    const chain = (value: ExportedValue | undefined): string[] =>
      value === undefined
        ? []
        : [`${value.trace.def.environment}${value.unknown ? ', unknown' : ''}`, ...chain(value.trace.base)]
    const { a } = environment!.properties!
    const m = (a!.value as ExportedMap).m!
    const y = (m.value as ExportedMap).y!
    expect(chain(a)).to.deep.equal(['root', 'mid', 'low, unknown'])
    expect(chain(m)).to.deep.equal(['root', 'mid', 'mid, unknown'])
    expect(chain(y)).to.deep.equal(['root', 'mid', 'mid, unknown'])
  })

  it('cost no more for long chains of imports than their parts', async () => {
    const files: Record<string, string> = {}
    const length = 150
    for (let i = 1; i <= length; i++)
      files[`e${i}`] =
        `${i < length ? `imports: [e${i + 1}]\n` : ''}values: {s: {n: ${i}, k${i}: {l: [${i}]}}, own${i}: "\${s.n}"}`
    const chain = new TestWorld(files)
    const { environment } = await chain.evaluate('imports: [e1]\nvalues: {s: {n: 0}}')
    const seen = new Set<ExportedValue>()
    const visit = (value: ExportedValue): void => {
      if (seen.has(value)) return
      seen.add(value)
      if (value.trace.base) visit(value.trace.base)
      if (typeof value.value === 'object' && value.value !== null)
        for (const part of Object.values(value.value)) if (typeof part === 'object') visit(part as ExportedValue)
    }
    const start = performance.now()
    for (const value of Object.values(environment!.properties!)) visit(value)
    // Every part once: some parts and their bases a link of the chain, not the square of that.
    expect(seen.size).to.be.lessThan(10 * length)
    expect(performance.now() - start).to.be.lessThan(2000)
  })
})
