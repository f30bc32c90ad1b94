import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

const doubling = `values:\n  a0: xxxx\n${Array.from({ length: 40 }, (_, i) => `  a${i + 1}: "\${a${i}}\${a${i}}"\n`).join('')}`
const fork = `{fn::validate: {schema: {$defs: {x: {anyOf: [{type: array, items: {$ref: "#/$defs/x"}}, {type: array, items: {$ref: "#/$defs/x"}}]}}, $ref: "#/$defs/x"}, value: ${'['.repeat(60)}1${']'.repeat(60)}}}`

describe('a definition that takes too much', function () {
  this.timeout(60_000)
  let playground: Playground
  before(async () => {
    playground = new Playground()
    await playground.withEnvironment('app/dev', 'values: {deep: [[["\\""]]], s: {a: {b: 1}}}\n')
  })
  after(() => playground.remove())

  for (const [what, text] of [
    ['values that double', doubling],
    ['a schema that doubles', `values: {v: ${fork}}\n`],
  ] as const)
    it(`is refused when it is saved, with the place: ${what}`, async () => {
      const env = { ESC_EVALUATION_BUDGET: '0.1' }
      const file = join(playground.folder, 'hostile.yaml')
      writeFileSync(file, text)
      const { code, err, out } = await playground.run(['env', 'edit', 'app/dev', '--file', file], { env })
      expect(code).not.to.equal(0)
      expect(err + out).to.contain('and stopped here; ESC_EVALUATION_BUDGET=4 allows')
      expect(await playground.ok('env', 'version', 'history', 'app/dev')).not.to.contain('revision 3')
    })

  it('is an error when it is opened although it was saved, and no value is printed', async () => {
    const splits = Array.from({ length: 10 }, (_, i) => `  s${i}: {fn::split: ["", "\${t}"]}\n`).join('')
    await playground.withEnvironment('app/large', `values:\n  t: ${'x'.repeat(20_000)}\n${splits}`)
    const refused = await playground.run(['open', 'app/large'], { env: { ESC_EVALUATION_BUDGET: '0.1' } })
    expect([refused.code === 0, refused.out]).to.deep.equal([false, ''])
    expect(refused.err).to.match(/^(?:app\/)?large:\d+:7: the evaluation takes more than 40 MB, and stopped here/)
    expect((await playground.run(['open', 'app/large'])).code).to.equal(0)
  })

  it('has a factor that must be a number from 0.1 to 20', async () => {
    for (const given of ['0', 'lots', '1e9', '-1', '21'])
      for (const words of [
        ['open', 'app/dev'],
        ['env', 'get', 'app/dev'],
      ]) {
        const { code, err } = await playground.run(words, { env: { ESC_EVALUATION_BUDGET: given } })
        expect(code, given).not.to.equal(0)
        expect(err).to.contain(`ESC_EVALUATION_BUDGET is '${given}', which is not a number from 0.1 to 20`)
      }
    expect((await playground.run(['open', 'app/dev'], { env: { ESC_EVALUATION_BUDGET: '2.5' } })).code).to.equal(0)
  })

  it('shows nothing that grows beyond the values: quotes in quotes, bases of bases', async () => {
    const nested = `${'['.repeat(60)}"\\""${']'.repeat(60)}`
    await playground.withEnvironment('app/quotes', `values: {v: ${nested}}\n`)
    const text = await playground.run(['open', 'app/quotes', '--format', 'string'])
    expect(text.code).not.to.equal(0)
    expect(text.err).to.match(/the value as one text would take more than .* to show/)
    expect((await playground.run(['open', 'app/quotes', '--format', 'json'])).code).to.equal(0)
    const layers = Array.from({ length: 25 }, (_, i) => `base/e${i}`)
    for (const name of layers)
      await playground.withEnvironment(name, 'values: {a: {b: {c: {d: {e: {f: {g: {h: 1}}}}}}}}\n')
    await playground.withEnvironment(
      'app/layers',
      `imports: [${layers}]\nvalues: {a: {b: {c: {d: {e: {f: {g: {h: 2}}}}}}}}\n`,
    )
    const detailed = await playground.run(['open', 'app/layers', '--format', 'detailed'])
    expect(detailed.code).not.to.equal(0)
    expect(detailed.err).to.match(/the detailed form would take more than .* to show/)
    expect(detailed.err).to.contain('hint: ESC_EVALUATION_BUDGET=4')
  })
})
