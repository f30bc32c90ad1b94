import { expect } from 'chai'
import fc from 'fast-check'
import { decodeEnvelope, EnvelopeError, encodeEnvelope } from '../../src/language/envelope.ts'

const rot128 = (bytes: Uint8Array) => bytes.map((byte) => (byte + 128) % 256)
const bytesOf = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'))
const base64Of = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

describe('envelopes', () => {
  it('hold a magic word, a version and a checksum around the ciphertext', () => {
    const ciphertext = rot128(new TextEncoder().encode('hunter2'))
    expect(encodeEnvelope(ciphertext)).to.equal('ZXNjeAAAAAHo9e705fKyKo30VQ==')
    expect(decodeEnvelope('ZXNjeAAAAAHo9e705fKyKo30VQ==')).to.deep.equal(ciphertext)
    expect(encodeEnvelope(Uint8Array.of(0xe1))).to.equal('ZXNjeAAAAAHhQRt8TQ==')
  })

  it('give back what was put in', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 200 }), (ciphertext) => {
        expect(decodeEnvelope(encodeEnvelope(ciphertext))).to.deep.equal(ciphertext)
      }),
    )
  })

  it('say what is wrong with them, in a fixed order', () => {
    const good = bytesOf(encodeEnvelope(Uint8Array.of(1, 2, 3, 4, 5)))
    const changed = (at: number, byte: number) => base64Of(good.map((old, i) => (i === at ? byte : old)))
    const failures: [base64: string, cause: string][] = [
      ['***', 'illegal base64 data at input byte 0'],
      ['ZXNjeAAA=', 'illegal base64 data at input byte 8'],
      ['', 'EOF'],
      [encodeEnvelope(Uint8Array.of(1, 2, 3)), 'EOF'],
      [changed(0, 0x45), 'invalid header'],
      [changed(9, 9), 'invalid checksum'],
      [changed(7, 0), 'invalid checksum'],
      [changed(good.length - 1, good.at(-1)! ^ 1), 'invalid checksum'],
      // Version 0 and version 2 with matching checksums.
      ['ZXNjeAAAAAABAgMEBeL9J3c=', 'unsupported version'],
      ['ZXNjeAAAAAIBAgMEBa81hnw=', 'unsupported version'],
    ]
    for (const [base64, cause] of failures) {
      expect(() => decodeEnvelope(base64), base64).to.throw(EnvelopeError, cause)
    }
  })
})
