import { expect } from 'chai'
import fc from 'fast-check'
import { parseAllDocuments } from 'yaml'
import { formatRevision, parseRevision, sealedBytesOf } from '../../src/store/revisions/revision-file.ts'
import { author, created } from './worlds.ts'

const record = { number: 7, created, author, change: 'edit', previous: 'sha256:abc', details: {} }

function roundTrip(definition: string, seal?: (bytes: Uint8Array) => string) {
  return parseRevision(formatRevision(record, definition, seal), 'revisions/7.yaml', 7)
}

describe('a revision file', () => {
  const awkward: Record<string, string> = {
    'an empty definition': '',
    'no final newline': 'values:\n  a: 1',
    'document markers': '---\nvalues: {}\n---\nmore: 1\n...\n',
    'a definition that looks like a record': 'revision: 9\nseal: x\n---\nvalues: {}\n',
    'Windows line endings': 'values:\r\n  a: 1\r\n---\r\n',
    'a byte-order mark': '\ufeffvalues:\n  a: 1\n',
    'a NUL and other control characters': 'a: \u0000\u0001\u007f\u0085\u2028\n',
    'only newlines': '\n\n\n',
    'characters beyond the basic plane': 'a: 🔑\n',
  }
  for (const [name, definition] of Object.entries(awkward)) {
    it(`keeps ${name} byte for byte`, () => {
      expect(roundTrip(definition, () => 'hmac-sha256:x').definition).to.equal(definition)
      expect(roundTrip(definition).definition).to.equal(definition)
    })
  }

  it('is the same object as long as its bytes are the same, and another one once they are not', () => {
    const bytes = formatRevision(record, 'values: {a: 1}\n')
    const read = parseRevision(bytes, 'revisions/7.yaml', 7)
    expect(parseRevision(Uint8Array.from(bytes), 'revisions/7.yaml', 7)).to.equal(read)
    const changed = Uint8Array.from(bytes)
    changed[bytes.length - 3] = '2'.charCodeAt(0)
    const other = parseRevision(changed, 'revisions/7.yaml', 7)
    expect(other.definition).to.equal('values: {a: 2}\n')
    expect(other.digest).to.not.equal(read.digest)
    expect(() => parseRevision(changed, 'revisions/7.yaml', 8)).to.throw('is not the record of revision 8')
    expect(() => parseRevision(bytes.subarray(0, 20), 'revisions/7.yaml', 7)).to.throw('is not a revision record')
    // All of those that are too many go, the oldest first.
    const large = Buffer.from(formatRevision(record, '#'.repeat(3 << 20)))
    for (const file of ['one', 'two', 'three']) parseRevision(Uint8Array.from(large), file, 7)
    const again = parseRevision(changed, 'revisions/7.yaml', 7)
    expect(again).to.not.equal(other)
    expect(again).to.deep.equal(other)
  })

  it('is refused where it would be larger than readers take', () => {
    const most = 4 << 20
    const around = formatRevision(record, '', () => 'x').length
    expect(formatRevision(record, '#'.repeat(most - around), () => 'x')).to.have.length(most)
    expect(() => formatRevision(record, '#'.repeat(most - around + 1), () => 'x'))
      .to.throw(`would have ${most + 1} bytes, more than the ${most} that esc reads`)
      .with.property('code', 'limit_exceeded')
  })

  it('keeps any text byte for byte, and every field', () => {
    const details = fc.dictionary(fc.stringMatching(/^[a-z][A-Za-z]{3,8}Detail$/), fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string(),
        details,
        fc.boolean(),
        (definition, change, fields, sealed) => {
          const written = { ...record, change, details: fields }
          const bytes = formatRevision(written, definition, sealed ? () => 'hmac-sha256:x' : undefined)
          const read = parseRevision(bytes, 'f', 7)
          expect(read.definition).to.equal(definition)
          expect({ ...read.details }).to.deep.equal({ ...fields })
          expect(read).to.include({ number: 7, change, previous: 'sha256:abc' })
          expect(read.seal).to.equal(sealed ? 'hmac-sha256:x' : undefined)
          expect(read.created).to.deep.equal(created)
          expect(read.author).to.deep.equal(author)
        },
      ),
    )
  })

  it('keeps characters that end a line for some reader, in every field', () => {
    for (const mark of ['\n', '\r', '\x7f', '\u0085', '\u2028', '\u2029', '\ufeff', '\ud800']) {
      const text = `a${mark}b`
      const bytes = formatRevision({ ...record, change: text, details: { title: text } }, 'values: {}\n')
      const read = parseRevision(bytes, 'f', 7)
      expect([read.change, read.details.title]).to.deep.equal([text, text])
      const [first] = parseAllDocuments(Buffer.from(bytes).toString())
      expect((first as { toJS(): unknown }).toJS()).to.include({ change: text, title: text })
      const { author } = parseRevision(formatRevision({ ...record, author: { name: text } }, ''), 'f', 7)
      expect(author.name.replace(mark, '')).to.equal('ab')
    }
  })

  it('is a YAML stream whose first document says the same to any reader', () => {
    const printable = fc.string({ unit: 'grapheme' })
    fc.assert(
      fc.property(printable, printable, (change, name) => {
        const bytes = formatRevision({ ...record, change, author: { name } }, 'values: {}\n', () => 'hmac-sha256:x')
        const [first, second] = parseAllDocuments(Buffer.from(bytes).toString()) as {
          toJS(): Record<string, unknown>
        }[]
        const read = parseRevision(bytes, 'f', 7)
        expect(first!.toJS()).to.deep.equal({
          revision: 7,
          created: created.toISOString(),
          author: read.author.email === undefined ? read.author.name : `${read.author.name} <${read.author.email}>`,
          change,
          previous: 'sha256:abc',
          seal: 'hmac-sha256:x',
        })
        expect(second!.toJS()).to.deep.equal({ values: {} })
      }),
    )
  })

  it('is sealed over every byte but the seal itself', () => {
    let sealed: Uint8Array | undefined
    const seal = (bytes: Uint8Array) => {
      sealed = bytes
      return 'hmac-sha256:x'
    }
    const bytes = Buffer.from(formatRevision(record, 'a: 1\n', seal)).toString()
    expect(Buffer.from(sealed!).toString()).to.equal(bytes.replace('seal: hmac-sha256:x\n', ''))
    expect(Buffer.from(sealedBytesOf(roundTrip('a: 1\n', seal))).equals(sealed!)).to.equal(true)
  })

  it('refuses a definition that is no Unicode text', () => {
    expect(() => formatRevision(record, 'a: \ud800\n')).to.throw('not valid Unicode')
  })

  it('refuses a detail that would pass for a field of the record', () => {
    for (const key of ['seal', 'revision', 'Upper', 'a b', '']) {
      expect(() => formatRevision({ ...record, details: { [key]: 'x' } }, '')).to.throw('cannot have the detail')
    }
  })

  const broken: Record<string, [string, string]> = {
    'text without a record': ['values: {}\n', '5.yaml is not a revision record'],
    'a line that is no field': ['revision: 5\n  more: 1\n---\n', '5.yaml:2 is not'],
    'a field given twice': ['revision: 5\nrevision: 5\n---\n', '5.yaml:2 is not'],
    'a field after the seal': ['revision: 5\nseal: x\nchange: y\n---\n', '5.yaml:3 is not'],
    'the record of another revision': [
      'revision: 4\ncreated: 2026-01-01T00:00:00Z\nauthor: A\nchange: x\n---\n',
      'not the record of revision 5',
    ],
    'a date that is none': ['revision: 5\ncreated: soon\nauthor: A\nchange: x\n---\n', 'not the record of revision 5'],
    'merge markers': ['<<<<<<< HEAD\nrevision: 5\n=======\nrevision: 5\n>>>>>>> b\n---\n', 'unfinished git merge'],
    'changed line endings': ['revision: 5\r\ncreated: 2026\r\n---\r\n', 'line endings of the file were changed'],
  }
  for (const [name, [text, message]] of Object.entries(broken)) {
    it(`is refused with ${name}, naming the place and a remedy`, () => {
      expect(() => parseRevision(Buffer.from(text), 'revisions/5.yaml', 5))
        .to.throw(message)
        .with.property('hint')
        .a('string')
    })
  }
})
