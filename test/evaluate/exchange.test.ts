import { expect } from 'chai'
import fc from 'fast-check'
import {
  applyPatches,
  type ExportedValue,
  environmentVariables,
  files,
  fromPlain,
  mapToJson,
  toJson,
  toPlain,
  toText,
} from '../../src/evaluate/index.ts'
import { formatJson, type Json } from '../../src/json.ts'
import { encodeEnvelope } from '../../src/language/index.ts'
import type { Plain } from '../../src/plain.ts'
import type { Schema } from '../../src/schema/index.ts'
import { Secret } from '../../src/secret.ts'
import { TestWorld } from './world.ts'

const string: Schema = { type: 'string' }
const secretString: Schema = { type: 'string', secret: true }

/** A plain value with each `Secret` made visible. */
function visible(plain: Plain | undefined): unknown {
  if (plain instanceof Secret) return { SECRET: visible(plain.reveal() as Plain) }
  if (Array.isArray(plain)) return plain.map(visible)
  if (typeof plain !== 'object' || plain === null) return plain
  return Object.fromEntries(Object.entries(plain).map(([key, item]) => [key, visible(item as Plain)]))
}

const plainOf = async (yaml: string, schema: Schema) => {
  const { environment } = await new TestWorld().evaluate(`values: {v: ${yaml}}`)
  return visible(toPlain(environment!.properties!.v!, schema))
}

describe('toPlain()', () => {
  it('gives a Secret exactly where the schema says so', async () => {
    const schema: Schema = {
      type: 'object',
      properties: { user: string, password: secretString, list: { type: 'array', items: secretString } },
      additionalProperties: secretString,
    }
    const value = '{user: {fn::secret: root}, password: plain, list: [a], other: {fn::secret: o}}'
    expect(await plainOf(value, schema)).to.deep.equal({
      user: 'root',
      password: { SECRET: 'plain' },
      list: [{ SECRET: 'a' }],
      other: { SECRET: 'o' },
    })
  })

  it('follows references, tuples and the branch of a union that fits', async () => {
    const schema: Schema = {
      $defs: { key: { type: 'object', properties: { id: string, secret: secretString }, required: ['secret'] } },
      type: 'object',
      properties: {
        current: { $ref: '#/$defs/key' },
        either: {
          oneOf: [
            { type: 'object', properties: { kind: { const: 'open' }, token: string }, required: ['kind'] },
            { type: 'object', properties: { kind: { const: 'closed' }, token: secretString }, required: ['kind'] },
          ],
        },
        pair: { type: 'array', prefixItems: [string, secretString], items: false },
        maybe: { anyOf: [{ type: 'null' }, secretString] },
      },
    }
    const value =
      '{current: {id: a, secret: s}, either: {kind: closed, token: t}, pair: [x, y], maybe: m, free: {fn::secret: f}}'
    expect(await plainOf(value, schema)).to.deep.equal({
      current: { id: 'a', secret: { SECRET: 's' } },
      either: { kind: 'closed', token: { SECRET: 't' } },
      pair: ['x', { SECRET: 'y' }],
      maybe: { SECRET: 'm' },
      free: 'f',
    })
    expect(await plainOf('{either: {kind: open, token: t}, maybe: null}', schema)).to.deep.equal({
      either: { kind: 'open', token: 't' },
      maybe: null,
    })
  })

  it('makes whole objects secret, numbers doubles, and leaves unknown values out', async () => {
    expect(await plainOf('{a: [1, 2.5e3, {b: null}]}', { secret: true })).to.deep.equal({
      SECRET: { a: [1, 2500, { b: null }] },
    })
    expect(await plainOf('{a: "${nope}", b: 1}', true)).to.deep.equal({ b: 1 })
  })
})

describe('fromPlain()', () => {
  it('marks what is secret, all the way down, and what is not there as unknown', () => {
    const value = fromPlain({ a: new Secret({ b: [1, null] }), c: undefined, d: [new Secret('x'), 'y'] })
    expect(toJson(value, { redact: true })).to.deep.equal({ a: '[secret]', d: ['[secret]', 'y'] })
    const inner = (value.value as Record<string, ExportedValue>).a!
    expect((inner.value as Record<string, ExportedValue>).b!.secret).to.equal(true)
    expect(fromPlain(undefined)).to.deep.include({ unknown: true })
  })

  it('comes back the same through toPlain()', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const plain = JSON.parse(JSON.stringify(json)) as Plain
        expect(visible(toPlain(fromPlain(plain), true))).to.deep.equal(visible(plain))
      }),
    )
  })
})

describe('toText()', () => {
  it('writes collections as quoted parts, and redacts', () => {
    const value = fromPlain({ foo: 'bar', baz: [42, true, null], s: new Secret('x') })
    expect(toText(value, { redact: false })).to.equal('"foo"="bar","baz"="\\"42\\",\\"true\\",\\"\\"","s"="x"')
    expect(toText(value, { redact: true })).to.contain('"s"="[secret]"')
  })
})

describe('environmentVariables() and files()', () => {
  it('take scalars as text and skip the rest', async () => {
    const { environment } = await new TestWorld().evaluate(`values:
  environmentVariables: {N: 1.50, S: {fn::secret: pw}, EMPTY: null, L: [1], O: {}, U: "\${nope}", B: true}
  files: {KUBECONFIG: "text\\n"}
`)
    const shown = [...environmentVariables(environment!.properties)].map(([key, { text, secret }]) => [
      key,
      text,
      secret,
    ])
    expect(shown).to.deep.equal([
      ['B', 'true', false],
      ['EMPTY', '', false],
      ['N', '1.5', false],
      ['S', 'pw', true],
      ['U', '[unknown]', false],
    ])
    expect([...files(environment!.properties)]).to.deep.equal([['KUBECONFIG', { text: 'text\n', secret: false }]])
    expect(environmentVariables(undefined).size).to.equal(0)
  })
})

describe('applyPatches()', () => {
  const text = `# managed
values:
  list:
    - fn::rotate::r: # keep me
        inputs: {}

        state:
          old: {fn::secret: {ciphertext: abc}} # and me
`

  it('changes the state and nothing else', () => {
    const replacement = fromPlain({ old: new Secret('n$$w ${x}'), map: new Secret({ password: 'p', user: 'a' }) })
    expect(applyPatches(text, [{ docPath: 'values.list[0]["fn::rotate::r"].state', replacement }])).to.equal(`# managed
values:
  list:
    - fn::rotate::r: # keep me
        inputs: {}

        state:
          old: {fn::secret: 'n$$$w $\${x}'} # and me
          map:
            fn::fromJSON:
              fn::secret: '{"password":"p","user":"a"}'
`)
  })

  it('writes ciphertext where there was ciphertext, and leaves what is around it', () => {
    const encrypt = (plaintext: string) => Buffer.from(`sealed ${plaintext}`)
    const envelope = (plaintext: string) => encodeEnvelope(encrypt(plaintext))
    const replacement = fromPlain({ new: new Secret({ b: 1, a: '${x}' }), old: new Secret('n$$w ${x}') })
    const patches = [{ docPath: 'values.list[0]["fn::rotate::r"].state', replacement }]
    expect(applyPatches(text, patches, encrypt)).to.equal(`# managed
values:
  list:
    - fn::rotate::r: # keep me
        inputs: {}

        state:
          old: {fn::secret: {ciphertext: ${envelope('n$$w ${x}')}}} # and me
          new:
            fn::fromJSON:
              fn::secret:
                ciphertext: ${envelope('{"a":"${x}","b":1}')}
`)
  })

  it('writes what has an envelope already as it stands', () => {
    const encrypt = (plaintext: string) => Buffer.from(`sealed ${plaintext}`)
    const replacement = fromPlain({ current: new Secret('two'), previous: new Secret('one') })
    const docPath = 'values.list[0]["fn::rotate::r"].state'
    const patches = [{ docPath, replacement, envelopes: new Map([['one', 'abc']]) }]
    const patched = applyPatches(text, patches, encrypt)
    expect(patched).to.include('previous:\n            fn::secret:\n              ciphertext: abc\n')
    expect(patched).to.include(`ciphertext: ${encodeEnvelope(encrypt('two'))}\n`)
    expect(applyPatches(text, patches), 'in the clear').not.to.include('abc')
  })

  it('writes states that evaluate to themselves', async () => {
    const leaf = fc.oneof(
      fc.string(),
      fc.constantFrom('${a}', '$$', '$${', '$', 'yes', '1', 'null', ' x ', 'a: b', '\n', '', '- x', '#'),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    )
    const key = fc.string({ minLength: 1 }).filter((key) => !key.toLowerCase().startsWith('fn::'))
    const state = fc.letrec<{ value: Plain }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        leaf,
        leaf.map((value) => new Secret(value as Plain)),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 3 }),
        fc.dictionary(key, leaf, { maxKeys: 2 }).map((value) => new Secret(value as Plain)),
      ),
    })).value
    const encrypt = (plaintext: string) => new TextEncoder().encode(`root|${plaintext}`)
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(key, state, { minKeys: 1, maxKeys: 4 }),
        fc.boolean(),
        async (plain, encrypted) => {
          const replacement = fromPlain(plain as Plain)
          const patches = [{ docPath: 'values.list[0]["fn::rotate::r"].state', replacement }]
          const patched = applyPatches(text, patches, encrypted ? encrypt : undefined)
          const world = new TestWorld().addRotator('r', {}, () => ({}))
          const evaluation = await world.evaluate(patched)
          expect(evaluation.diagnostics.map(({ summary }) => summary)).to.deep.equal([])
          const [opened] = evaluation.environment!.properties!.list!.value as readonly ExportedValue[]
          for (const redact of [true, false])
            expect(formatJson(sorted(toJson(opened!, { redact })))).to.equal(
              formatJson(sorted(toJson(replacement, { redact }))),
            )
        },
      ),
      { numRuns: 300 },
    )
  })
})

/** Sorted keys; numbers as doubles, since their text may be written another way. */
function sorted(json: Json): Json {
  return JSON.parse(formatJson(JSON.parse(formatJson(json)) as Json, { sortKeys: true })) as Json
}

describe('mapToJson()', () => {
  it('has no prototype to stumble over', () => {
    const json = mapToJson(fromPlain({ ['__proto__']: 1 } as Plain).value as never, { redact: false })
    expect(Object.keys(json)).to.deep.equal(['__proto__'])
  })
})
