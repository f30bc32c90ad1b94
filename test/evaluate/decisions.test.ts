import { expect } from 'chai'
import { applyPatches, type ExportedMap, environmentToJson } from '../../src/evaluate/index.ts'
import { formatJson, JsonNumber } from '../../src/json.ts'
import { sealed, summariesOf, TestWorld, valuesOf } from './world.ts'

const zero = { line: 0, column: 0, byte: 0 }
const trace = { def: { begin: zero, end: zero } }

describe('where we decide otherwise than the reference', () => {
  it('D1: a number that JSON cannot hold is a mistake at its place', async () => {
    const evaluation = await new TestWorld().evaluate('values:\n  a: .nan\n  b: -.inf\n  c: {fn::toJSON: .inf}\n')
    expect(summariesOf(evaluation)).to.deep.equal([
      '2:6 NaN is not a number that JSON can hold',
      '3:6 -Inf is not a number that JSON can hold',
      '4:19 +Inf is not a number that JSON can hold',
    ])
    expect(valuesOf(evaluation)).to.equal('{"a":"[unknown]","b":"[unknown]","c":"[unknown]"}')
    const exported = JSON.parse(formatJson(environmentToJson(evaluation.environment!)))
    expect(exported.exprs.a).to.not.have.property('literal')
  })

  it('D3: rotation filters match keys that need quotes or begin with a digit', async () => {
    const world = new TestWorld().addRotator('r', {}, () => ({ n: 2 }))
    const text = 'values: {x-y: {fn::rotate::r: {inputs: {}}}, 1st: {2nd: {fn::rotate::r: {inputs: {}}}}}'
    const evaluation = await world.evaluate(text, { mode: 'rotate', rotatePaths: [['x-y'], ['1st', '2nd']] })
    expect(evaluation.rotations.map(({ path }) => path)).to.deep.equal(['values["1st"]["2nd"]', 'values["x-y"]'])
  })

  it('D4: names may hold any letter', async () => {
    const evaluation = await new TestWorld().evaluate('values: {à: 1, b: "${à}"}')
    expect([valuesOf(evaluation), evaluation.diagnostics]).to.deep.equal(['{"b":1,"à":1}', []])
  })

  it('D5: a secret context value stays secret', async () => {
    const context: ExportedMap = { token: { value: 't0p', secret: true, trace } }
    const evaluation = await new TestWorld().evaluate(
      'values: {a: "${context.token}", b: "x ${context.token}", c: "${context}"}',
      { context },
    )
    expect(valuesOf(evaluation, true)).to.equal(
      '{"a":"[secret]","b":"[secret]","c":{"currentEnvironment":{"name":"root"},"rootEnvironment":{"name":"root"},"token":"[secret]"}}',
    )
  })

  it('D7: elements of an unknown list without item types can be read', async () => {
    const world = new TestWorld().addProvider('list', async () => ({ value: [], trace }), {
      outputs: { type: 'array', prefixItems: [{ type: 'string' }] },
    })
    const text = 'values: {l: {fn::open::list: {}}, a: "${l[0]}", b: "${l[3].x[1]}"}'
    const evaluation = await world.evaluate(text, { mode: 'check' })
    expect(evaluation.diagnostics).to.deep.equal([])
  })

  it('D10: inputs and states that are no objects are mistakes', async () => {
    const world = new TestWorld().addRotator('r', {}, () => ({}))
    const evaluation = await world.evaluate(
      'values: {a: {fn::open::echo: text}, b: {fn::open::echo: [1]}, c: {fn::rotate::r: {inputs: 1}}, d: "${a}", e: {fn::rotate::r: {inputs: {}, state: "${f}"}}, f: 1}',
      {},
      { despiteErrors: true },
    )
    expect(summariesOf(evaluation).slice(1)).to.deep.equal([
      '1:30 the inputs must be an object, not a string',
      '1:57 the inputs must be an object, not a list',
      '1:91 the inputs must be an object, not a number',
      '1:146 the rotation state must be an object',
    ])
    expect(world.calls).to.deep.equal([])
  })

  it('D11: the elements of a split secret stay secret', async () => {
    const evaluation = await new TestWorld().evaluate(
      'values: {p: {fn::split: [",", {fn::secret: "a,b"}]}, first: "${p[0]}", text: "${p[1]}!"}',
    )
    expect(valuesOf(evaluation, true)).to.equal('{"first":"[secret]","p":"[secret]","text":"[secret]"}')
  })

  it('D14: numbers of a rotation state are written as numbers', () => {
    const replacement = { value: { n: { value: new JsonNumber('1.50'), trace }, s: { value: '1', trace } }, trace }
    const text = 'values:\n  a:\n    fn::rotate::r:\n      inputs: {}\n      state: {n: 1.0, s: x}\n'
    expect(applyPatches(text, [{ docPath: 'values.a["fn::rotate::r"].state', replacement }])).to.equal(
      'values:\n  a:\n    fn::rotate::r:\n      inputs: {}\n      state: {n: 1.50, s: "1"}\n',
    )
  })

  it('D17: a secret in a schema is not told by what does not fit it, nor a character of one by what is not JSON', async () => {
    const evaluation = await new TestWorld().evaluate(`values:
  pw: {fn::secret: 'hunter"2'}
  a: {fn::validate: {schema: {const: "\${pw}"}, value: x}}
  b: {fn::validate: {schema: {enum: [a, "\${pw}"], pattern: "\${pw}("}, value: x}}
  c: {fn::validate: {schema: {pattern: "\${pw}"}, value: x}}
  d: {fn::fromJSON: "\${pw}"}
`)
    expect(summariesOf(evaluation)).to.deep.equal([
      '3:55 expected "[secret]"',
      '4:30 invalid schema: error parsing regexp: missing closing ): `[secret]`',
      '5:57 string must match the pattern "[secret]"',
      '6:6 decoding JSON string: invalid character looking for beginning of value',
    ])
  })

  it('has fn::toYAML, with secrets and unknowns as in fn::toJSON', async () => {
    const evaluation = await new TestWorld().evaluate(`values:
  y: {fn::toYAML: {b: [1, {c: "x: y"}, []], a: yes, d: {}, e: [[1, 2]], f: null, g: "two\\nlines"}}
  s: {fn::toYAML: {p: ${sealed('root', 'pw')}}}
  u: {fn::toYAML: "\${nope}"}
`)
    const { properties } = evaluation.environment!
    expect(properties!.y!.value).to.equal(
      'a: "yes"\nb:\n  - 1\n  - c: "x: y"\n  - []\nd: {}\ne:\n  - - 1\n    - 2\nf: null\ng: "two\\nlines"\n',
    )
    expect([properties!.s!.secret, properties!.s!.value, properties!.u!.unknown]).to.deep.equal([true, 'p: pw\n', true])
    const { text } = { text: properties!.y!.value as string }
    const again = await new TestWorld().evaluate(`values:\n${text.replace(/^/gm, '  ').trimEnd()}\n`)
    expect(valuesOf(again)).to.equal(
      formatJson({ a: 'yes', b: [1, { c: 'x: y' }, []], d: {}, e: [[1, 2]], f: null, g: 'two\nlines' }),
    )
  })
})
