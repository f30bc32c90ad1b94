import { expect } from 'chai'
import { crc32c } from '../../src/keys/crc32c.ts'

describe('crc32c()', () => {
  it('agrees with RFC 3720, appendix B.4', () => {
    // The bytes of the sums are printed there in the order they are sent.
    const vectors: readonly [Uint8Array, string][] = [
      [new Uint8Array(32), 'aa36918a'],
      [new Uint8Array(32).fill(0xff), '43aba862'],
      [Uint8Array.from({ length: 32 }, (_, index) => index), '4e79dd46'],
      [Uint8Array.from({ length: 32 }, (_, index) => 31 - index), '5cdb3f11'],
    ]
    for (const [bytes, sum] of vectors) {
      const sent = Buffer.alloc(4)
      sent.writeUInt32LE(crc32c(bytes))
      expect(sent.toString('hex')).to.equal(sum)
    }
    expect(crc32c(Buffer.from('123456789'))).to.equal(0xe3069283)
    expect(crc32c(new Uint8Array())).to.equal(0)
  })
})
