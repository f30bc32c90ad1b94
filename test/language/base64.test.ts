import { expect } from 'chai'
import fc from 'fast-check'
import { decodeBase64, encodeBase64 } from '../../src/language/index.ts'

describe('base64', () => {
  it('agrees with Node about every text', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = encodeBase64(bytes)
        expect(text).to.equal(Buffer.from(bytes).toString('base64'))
        expect([...decodeBase64(text)]).to.deep.equal([...bytes])
      }),
    )
  })

  it('ignores line breaks and leftover bits', () => {
    expect([...decodeBase64('aGVs\r\nbG8=\n')]).to.deep.equal([...Buffer.from('hello')])
    expect([...decodeBase64('aGVsbG9=')]).to.deep.equal([...Buffer.from('hello')])
    expect([...decodeBase64('')]).to.deep.equal([])
  })

  const mistakes: [string, number][] = [
    ['aGVsbG8', 4],
    ['aGVs!G8=', 4],
    ['aG\nVs!', 5],
    ['a=', 1],
    ['====', 0],
    ['aa=a', 2],
    ['aa=', 3],
    ['aGVsbG8=x', 8],
    ['é', 0],
    ['aaa-', 3],
  ]
  for (const [text, offset] of mistakes)
    it(`finds the mistake in ${JSON.stringify(text)} at byte ${offset}`, () => {
      expect(() => decodeBase64(text)).to.throw(`illegal base64 data at input byte ${offset}`)
    })
})
