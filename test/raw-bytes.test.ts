import { expect } from 'chai'
import fc from 'fast-check'
import { quoteBytes } from '../src/evaluate/index.ts'
import { bytesOf, decodeText } from '../src/raw-bytes.ts'
import { TestWorld, valuesOf } from './evaluate/world.ts'

describe('strings of bytes', () => {
  it('come back as they were, and as text where they are text', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = decodeText(bytes)
        expect([...bytesOf(text)]).to.deep.equal([...bytes])
        const valid = Buffer.from(Buffer.from(bytes).toString('utf8')).equals(Buffer.from(bytes))
        if (valid) expect(text).to.equal(Buffer.from(bytes).toString('utf8'))
        expect(Buffer.from(text).includes('\ufffd') || valid).to.equal(true)
      }),
    )
  })

  it('are shown byte by byte in quotes', () => {
    expect(quoteBytes(decodeText(Uint8Array.of(0x61, 0xff, 0xc3, 0xa9, 0x80)))).to.equal('"a\\xffé\\x80"')
  })

  it('survive the builtins, and form characters again', async () => {
    const evaluation = await new TestWorld().evaluate(`values:
  raw: {fn::fromBase64: /w==}
  again: {fn::toBase64: "\${raw}"}
  head: {fn::fromBase64: ww==}
  tail: {fn::fromBase64: qQ==}
  whole: \${head}\${tail}
  joined: {fn::join: ["", ["\${head}", "\${tail}"]]}
  json: {fn::toJSON: ["\${raw}"]}
  text: {fn::toString: ["\${raw}"]}
  split: {fn::split: ["\${tail}", é]}
  read: {fn::fromJSON: {fn::join: ["", ['"', "\${raw}", '"']]}}
`)
    expect(evaluation.diagnostics.map(({ severity, summary }) => `${severity}: ${summary}`)).to.deep.equal([
      'warning: fn::toJSON cannot hold bytes that are not UTF-8, and has U+FFFD in their place; pass them through fn::toBase64',
      'warning: the JSON text has bytes that are not UTF-8, and U+FFFD is read in their place',
    ])
    expect(valuesOf(evaluation)).to.equal(
      '{"again":"/w==","head":"\\ufffd","joined":"é","json":"[\\"\\\\ufffd\\"]","raw":"\\ufffd","read":"\ufffd","split":["\\ufffd",""],"tail":"\\ufffd","text":"\\"\\\\xff\\"","whole":"é"}',
    )
  })
})
