import { createHmac } from 'node:crypto'
import { inspect } from 'node:util'
import { expect } from 'chai'
import fc from 'fast-check'
import { DataKey } from '../../src/keys/data-key.ts'

/** Made by `hkdfSync`, and by what it replaced. */
const CIPHERTEXT = 'TCA6SxhQPwmLgfzNCjVlj9G3Zxti3eexEnt1agI/ykn0XEo='
const SEAL = 'hmac-sha256:M9aEForyvxowsLs50IMT4A-LPwqJP7lWfefiqCeV9QE'

const owner = { id: '5f1cd0a3', name: 'rotators/ci' }

describe('a data key', () => {
  const key = DataKey.generate(owner)

  it('decrypts what it encrypted, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (plaintext) => {
        expect(key.decrypt(key.encrypt(plaintext))).to.equal(plaintext)
      }),
    )
  })

  it('never encrypts the same text to the same ciphertext', () => {
    const ciphertexts = Array.from({ length: 100 }, () => Buffer.from(key.encrypt('x')).toString('hex'))
    expect(new Set(ciphertexts).size).to.equal(100)
  })

  it('opens, as the same key in another process, and not as another key or for another environment', () => {
    const ciphertext = key.encrypt('hunter2')
    expect(new DataKey(key.revealBytes(), owner).decrypt(ciphertext)).to.equal('hunter2')
    for (const other of [DataKey.generate(owner), new DataKey(key.revealBytes(), { ...owner, id: 'another' })]) {
      expect(() => other.decrypt(ciphertext))
        .to.throw("a ciphertext in environment 'rotators/ci' was changed, or was made for another")
        .with.property('code', 'tampered')
    }
  })

  it('refuses any changed, shortened or lengthened ciphertext', () => {
    const ciphertext = key.encrypt('hunter2')
    for (let index = 0; index < ciphertext.length; index++) {
      const changed = Uint8Array.from(ciphertext)
      changed[index]! ^= 0x80
      expect(() => key.decrypt(changed))
        .to.throw()
        .with.property('code', 'tampered')
      expect(() => key.decrypt(ciphertext.subarray(0, index)))
        .to.throw()
        .with.property('code', 'tampered')
    }
    expect(() => key.decrypt(Buffer.concat([ciphertext, Buffer.of(0)])))
      .to.throw()
      .with.property('code', 'tampered')
  })

  it('derives its keys as HKDF-SHA256 does, so that what earlier versions encrypted still opens', () => {
    // RFC 5869 with an empty salt, for one block of output.
    const derived = (secret: Uint8Array, info: string) => {
      const extracted = createHmac('sha256', Buffer.alloc(32)).update(secret).digest()
      return createHmac('sha256', extracted).update(`${info}\x01`).digest()
    }
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (secret) => {
        expect(new DataKey(secret, owner).mark).to.equal(derived(secret, 'esc mark v1').toString('hex', 0, 8))
      }),
    )
    const old = new DataKey(new Uint8Array(32).fill(7), owner)
    expect(old.decrypt(Buffer.from(CIPHERTEXT, 'base64'))).to.equal('hunter2')
    expect(old.verifySeal('revision', Buffer.from('text'), SEAL)).to.equal(true)
  })

  it('makes one key of several, which only they make, in their order', () => {
    const others = [1, 2].map((number) => DataKey.generate({ id: `other-${number}`, name: 'x' }))
    const joint = DataKey.joint([key, ...others])
    const ciphertext = joint.encryptOpened('then', 'hunter2')
    const again = DataKey.joint([new DataKey(key.revealBytes(), owner), ...others])
    expect(again.decryptOpened('then', ciphertext)).to.equal('hunter2')
    expect(again.decryptOpened('now', ciphertext)).to.equal(undefined)
    const wrong = [[key], [key, others[0]!], [others[0]!, key, others[1]!], [key, others[1]!, others[0]!], others]
    for (const keys of wrong) expect(DataKey.joint(keys).decryptOpened('then', ciphertext)).to.equal(undefined)
    expect(key.decryptOpened('then', ciphertext)).to.equal(undefined)
  })

  it('keeps texts, journal records and their entries apart', () => {
    const record = key.encryptRecord('values.a', Buffer.from('x'))
    expect(Buffer.from(key.decryptRecord('values.a', record)).toString()).to.equal('x')
    expect(() => key.decryptRecord('values.b', record))
      .to.throw("entry 'values.b'")
      .with.property('code', 'tampered')
    expect(() => key.decrypt(record))
      .to.throw()
      .with.property('code', 'tampered')
    expect(() => key.decryptRecord('', key.encrypt('x')))
      .to.throw()
      .with.property('code', 'tampered')
  })

  it('seals bytes for one use and one environment', () => {
    const bytes = Buffer.from('revision: 1\n')
    const seal = key.seal('revision', bytes)
    expect(seal).to.match(/^hmac-sha256:[\w-]{43}$/)
    expect(key.verifySeal('revision', bytes, seal)).to.equal(true)
    expect(key.verifySeal('settings', bytes, seal)).to.equal(false)
    expect(key.verifySeal('revision', Buffer.from('revision: 2\n'), seal)).to.equal(false)
    expect(new DataKey(key.revealBytes(), { ...owner, id: 'another' }).verifySeal('revision', bytes, seal)).to.equal(
      false,
    )
    for (const wrong of ['', 'hmac-sha256:', seal.slice(0, -1), seal.replace('hmac-sha256:', ''), `x${seal}`]) {
      expect(key.verifySeal('revision', bytes, wrong), wrong).to.equal(false)
    }
  })

  it('is 32 bytes, and shows them to nobody who does not ask', () => {
    expect(() => new DataKey(Buffer.alloc(16), owner)).to.throw('16 bytes')
    const hex = Buffer.from(key.revealBytes()).toString('hex')
    const shown = `${inspect(key, { depth: 9, showHidden: true })}${JSON.stringify(key)}${key}`
    expect(shown).to.not.contain(hex)
    expect(shown).to.not.match(/<Buffer|Uint8Array/)
  })

  it('accepts a seal in one spelling only', () => {
    const key = DataKey.generate({ id: 'id', name: 'a/b' })
    const bytes = Buffer.from('a definition')
    const seal = key.seal('revision', bytes)
    expect(key.verifySeal('revision', bytes, seal)).to.equal(true)
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_='
    for (const last of alphabet) {
      const other = seal.slice(0, -1) + last
      expect(key.verifySeal('revision', bytes, other), other).to.equal(other === seal)
    }
    expect(key.verifySeal('revision', bytes, `${seal}=`)).to.equal(false)
  })
})
