import { createHash, randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { EscError } from '../../../src/errors.ts'
import { type PassphraseInputs, passphrase } from '../../../src/rotators/generated/passphrase.ts'
import { randomBelow } from '../../../src/rotators/random-choice.ts'
import { passphraseWords } from '../../../src/vendor/passphrase-words.ts'
import { rotateOnce } from '../rotation-run.ts'
import { testContext } from '../test-context.ts'

const make = async (inputs: PassphraseInputs) =>
  (await rotateOnce({ rotator: passphrase, inputs, state: undefined, context: testContext() })).current.reveal()

describe('passphrase', () => {
  it('uses the long list of the EFF, unchanged', () => {
    expect(new Set(passphraseWords).size).to.equal(7776)
    const digest = createHash('sha256')
      .update(`${passphraseWords.join('\n')}\n`)
      .digest('hex')
    expect(digest).to.equal('6d557f0693958fb5e650b68b5bee585eb82cf4da32965505c789e924743bc522')
  })

  it('makes five words, joined by hyphens', async () => {
    for (let count = 0; count < 50; count++) expect(await make({})).to.match(/^[a-z]+(-[a-z]+){4,}$/)
  })

  it('takes length, separator and capitals', async () => {
    const words = (await make({ length: 15, separator: '_', capitalize: true })).split('_')
    expect(words).to.have.length(15)
    for (const word of words) {
      expect(word).to.match(/^[A-Z]/)
      expect(passphraseWords).to.include(word[0]!.toLowerCase() + word.slice(1))
    }
    expect(await make({ separator: '😀' })).to.include('😀')
  })

  for (const inputs of [{ length: 2 }, { length: 16 }, { length: 3.5 }, { separator: '' }, { separator: '--' }]) {
    it(`refuses ${JSON.stringify(inputs)}`, async () => {
      let error: unknown
      try {
        await passphrase.plan({ inputs, state: undefined }, testContext())
      } catch (thrown) {
        error = thrown
      }
      expect(error).to.be.instanceOf(EscError).with.property('code', 'invalid_input')
    })
  }
})

describe('randomBelow', () => {
  it('draws again where the range does not divide evenly', () => {
    const draws = [
      [0xff, 0xff, 0xff, 0xff],
      [0, 0, 0, 5],
    ]
    expect(randomBelow(3, () => Uint8Array.from(draws.shift()!))).to.equal(2)
    expect(draws).to.deep.equal([])
  })

  it('reaches every value and no other', () => {
    const seen = new Set(Array.from({ length: 2_000 }, () => randomBelow(7, (byteCount) => randomBytes(byteCount))))
    expect([...seen].sort()).to.deep.equal([0, 1, 2, 3, 4, 5, 6])
  })
})
