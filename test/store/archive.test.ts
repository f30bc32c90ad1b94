import { createHash, randomBytes } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { encodeEnvelope } from '../../src/language/index.ts'
import { decodeArchive } from '../../src/store/revisions/archive/decode-archive.ts'
import { encodeArchive, groupsOf } from '../../src/store/revisions/archive/encode-archive.ts'
import { digestOf } from '../../src/store/revisions/revision-file.ts'
import { runs } from '../sample.ts'
import { errorOf } from './worlds.ts'

const unpack = (bytes: Uint8Array) => decodeArchive(bytes, 'revisions/1-2-0.archive')

describe('an archive', () => {
  it('gives back what was packed, byte for byte', () => {
    const piece = fc.oneof(
      fc.constantFrom('\x01', 'values:\n', '---\n', '\r\n', '\u{1f511}', '=', '-', 'ZXNjeAAAAA'),
      fc.string({ unit: 'binary' }),
      fc.uint8Array({ minLength: 28, maxLength: 80 }).map((bytes) => Buffer.from(bytes).toString('base64')),
      fc.uint8Array({ minLength: 28, maxLength: 80 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
      fc.uint8Array({ minLength: 28, maxLength: 80 }).map(encodeEnvelope),
      fc.uuid(),
      fc.uuid().map((id) => id.toUpperCase()),
      // What is nearly base64: bits in the last character that say nothing, or too much padding.
      fc.constantFrom(`${'A'.repeat(42)}B=`, `${'A'.repeat(41)}===`, `${'A'.repeat(43)}==`, '_'.repeat(41)),
    )
    const texts = fc
      .tuple(fc.array(piece), fc.array(fc.array(fc.nat(30))))
      .map(([pieces, records]) =>
        records.map((indexes) => Buffer.from(indexes.map((index) => pieces[index % (pieces.length || 1)]).join(' '))),
      )
    const records = fc.oneof(texts, fc.array(fc.uint8Array().map((bytes) => Buffer.from(bytes))))
    fc.assert(
      fc.property(records, (given) => {
        expect(unpack(encodeArchive(given)).map(String)).to.deep.equal(given.map(String))
        expect(Buffer.concat(unpack(encodeArchive(given)))).to.deep.equal(Buffer.concat(given))
      }),
      runs(300, 20_000),
    )
  })

  it('holds each ciphertext once, as its bytes, and no digest of the record before', () => {
    const texts: Buffer[] = []
    const ciphertexts = Array.from({ length: 201 }, () => encodeEnvelope(randomBytes(44)))
    for (let day = 0; day < 200; day++) {
      const previous = texts.at(-1)
      const head = previous === undefined ? '' : `previous: ${digestOf(previous)}\n`
      texts.push(Buffer.from(`${head}---\ncurrent: ${ciphertexts[day + 1]}\nprevious: ${ciphertexts[day]}\n`))
    }
    const { length } = encodeArchive(texts)
    expect(length).to.be.within(201 * 44, 201 * 44 + 400)
  })

  it('comes to the same bytes from the same records', () => {
    const records = Array.from({ length: 20 }, (_, day) =>
      Buffer.from(
        `id: ${createHash('sha256')
          .update(`${day >> 1}`)
          .digest('base64')}\n${'text '.repeat(day)}`,
      ),
    )
    const digest = createHash('sha256').update(encodeArchive(records)).digest('hex')
    expect(digest).to.equal(
      createHash('sha256')
        .update(encodeArchive(records.map((each) => Buffer.from(each))))
        .digest('hex'),
    )
    // As versions of the program before and on other machines made it. Another compressor makes
    // another file, which opens all the same.
    expect(unpack(Buffer.from(madeBefore, 'base64')).map(String)).to.deep.equal(records.slice(0, 3).map(String))
  })

  it('is refused, and named, when any of its bytes is another one or is missing', async () => {
    const secret = encodeEnvelope(randomBytes(44))
    const bytes = encodeArchive([Buffer.from(`a: ${secret}\n`), Buffer.from(`a: ${secret}\nb: ${secret}\n`)])
    const original = unpack(bytes).map(String).join()
    let refused = 0
    for (let at = 0; at < bytes.length; at++) {
      for (const changed of [
        Buffer.from(bytes).fill((bytes[at] as number) ^ 0x11, at, at + 1),
        bytes.subarray(0, at),
      ]) {
        let text = original
        try {
          text = unpack(changed).map(String).join()
        } catch (error) {
          expect(error).to.have.property('code').that.is.oneOf(['store_damaged', 'invalid_input'])
          expect(error).to.have.property('message').that.includes('revisions/1-2-0.archive')
          refused++
          continue
        }
        // Such as a byte of a ciphertext: the digest in the file's name is for those.
        expect(changed.length).to.equal(bytes.length)
        expect(text).to.be.a('string')
      }
    }
    expect(refused).to.be.above(bytes.length)
  })

  it('of a later format asks for a newer program', async () => {
    const error = await errorOf(() => unpack(Buffer.from('esc-archive-v2 1 1/1\nx')))
    expect(error.code).to.equal('invalid_input')
    expect(error.message).to.include('esc-archive-v2').and.include('revisions/1-2-0.archive')
  })

  it('does not unpack more than it may', async () => {
    const bomb = Buffer.from(encodeArchive([Buffer.alloc(1 << 20)]).toString(), 'latin1')
    const text = bomb.toString('latin1').replace(/\d+\/1048576/, (size) => size.replace('1048576', '1000'))
    expect((await errorOf(() => unpack(Buffer.from(text, 'latin1')))).code).to.equal('store_damaged')
    const huge = Buffer.from(`esc-archive-v1 1 1/999999999 1/1 1/1 1/1 1/1\n`)
    expect((await errorOf(() => unpack(huge))).code).to.equal('store_damaged')
    // One long token that is said again and again.
    const token = 'Z'.repeat(4 << 20)
    const many = Array.from({ length: 17 }, () => Buffer.from(token))
    expect((await errorOf(() => unpack(encodeArchive(many)))).code).to.equal('store_damaged')
    expect(groupsOf(many.map((bytes) => ({ bytes }))).map(({ length }) => length)).to.deep.equal([16, 1])
  })
})

const madeBefore =
  'ZXNjLWFyY2hpdmUtdjEgMyA3LzMgOC80IDgvNCAyOC8zMyA2OC82NAoPAYAGCxADjwGAAAIAAAOPAYADIAMgAx8gAADEKbc0oYQz' +
  'LrgHz0FoQSeFQ8nFAvv6EwOPH4Bf7Otm/8hvONlSeGxtaWx5wtvCOd1OkbRnKdc6J/tX6WuGsnP/NPzhnWuATv9aP1dHraTqoi8dScAeUt23h1tLAw=='
