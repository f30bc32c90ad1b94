import { expect } from 'chai'
import fc from 'fast-check'
import type { Json } from '../../src/json.ts'
import { parsePlainMapping } from '../../src/store/settings/plain-mapping.ts'
import { decode, type Node } from '../../src/yaml/index.ts'
import { runs } from '../sample.ts'

const settings = `id: 786082ab-bf47-429a-b4a3-b41f72c2cf27
secretsProvider: awskms:///arn:aws:kms:us-east-1:1:key/x?region=us-east-1
wrappedDataKey: v1:default:235119e135047120:GvXK6XxDoMTEuWvXI5Fm1Dw1Fma9UeCcGS4hx1oh+tkeHAQU9tLyDz7SWl2pwNQbbBotio1W/19auMLm=
sealedFrom: 2
sealedAfter: sha256:ZhIimV_JPz3LuXX2km7Vn1oShxh85DWRIflu8B-ctz8
name: test/no-1
generation: 1
settingsSeal: hmac-sha256:-F8zoCMl61O19cS-Gc1bmCLryy8q8cY9rfjinJBB2fw
`

describe('a mapping of plain scalars', () => {
  it('is read from what settings usually hold', () => {
    expect({ ...parsePlainMapping(settings) }).to.include({
      id: '786082ab-bf47-429a-b4a3-b41f72c2cf27',
      sealedFrom: 2,
      name: 'test/no-1',
    })
    expect(Object.keys(parsePlainMapping(settings)!)).to.have.length(8)
  })

  it('is left to the YAML reader where there is anything else', () => {
    for (const text of [
      '',
      '\n',
      'a: 1\n\n',
      '# x\na: b\n',
      'a: "b"\n',
      'a: b # c\n',
      'a:\n  b: c\n',
      'a: b\r\n',
      'a: b:\n',
    ]) {
      expect(parsePlainMapping(text), JSON.stringify(text)).to.equal(undefined)
    }
    for (const text of ['a: true\n', 'a: null\n', 'a: 1.5\n', 'a: b\na: c\n', 'a: b\n---\n', ' a: b\n', 'a : b\n']) {
      expect(parsePlainMapping(text), JSON.stringify(text)).to.equal(undefined)
    }
  })

  it('is read as the YAML reader reads it', () => {
    const word = fc.oneof(
      fc.stringMatching(/^[\w.:/+=@?&%-]{1,24}$/),
      fc.stringMatching(/^[0-9A-Fa-fxoe._:+-]{1,12}$/),
      fc.constantFrom(
        'true',
        'null',
        'NULL',
        'yes',
        '0x1F',
        '1e3',
        '1_000',
        '0o17',
        '2001-01-01',
        '18446744073709551616',
        'a:',
        'nan',
      ),
      fc.string({ maxLength: 6 }),
    )
    const line = fc
      .tuple(
        fc.oneof(fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,3}$/), fc.constantFrom('null', 'true', 'y', 'NULL')),
        word,
      )
      .map(([key, value]) => `${key}: ${value}`)
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), fc.boolean(), (lines, ended) => {
        const text = lines.join('\n') + (ended ? '\n' : '')
        const plain = parsePlainMapping(text)
        if (plain === undefined) return
        const { node, diagnostics } = decode('x', text)
        expect(diagnostics).to.deep.equal([])
        expect({ ...plain }).to.deep.equal(data(node))
      }),
      runs(3000, 100_000),
    )
  }).timeout(600_000)
})

function data(node: Node | undefined): Json {
  if (node?.kind === 'object') return Object.fromEntries(node.entries.map(({ key, value }) => [key.value, data(value)]))
  if (node?.kind === 'number') return Number(node.text)
  return node?.kind === 'string' ? node.value : `unexpected ${node?.kind}`
}
