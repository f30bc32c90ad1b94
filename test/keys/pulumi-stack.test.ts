import { createCipheriv, createDecipheriv, pbkdf2Sync } from 'node:crypto'
import { expect } from 'chai'
import { makePulumiPassphrase, openPulumiPassphrase, openPulumiSecrets } from '../../src/keys/index.ts'
import { errorOf } from '../store/worlds.ts'

const vectors = [
  {
    passphrase: 'password',
    salt: 'v1:fozI5u6B030=:v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ==',
    key: '7e700703e28b164e816cb939612c938b8dcf8f8a5237d02824cea3fb656b3a8b',
  },
  {
    passphrase: 'correct horse',
    salt: 'v1:AAECAwQFBgc=:v1:AAECAwQFBgcICQoL:Lsv0Mq4P43OA9/CWlvPiZJXoK3BhFA==',
    key: 'ab5417dbbf9921f0a2ed4f452679867d63715cdba2a221d4672f30f3900e93c2',
  },
]

function encrypt(keyHex: string, plaintext: string): string {
  const nonce = Buffer.alloc(12, 9)
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(keyHex, 'hex'), nonce)
  const bytes = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return `v1:${nonce.toString('base64')}:${bytes.toString('base64')}`
}

/** By the description of the format, without our code. */
function decrypt(key: Buffer, value: string): string {
  const [version, nonce = '', text = ''] = value.split(':')
  expect(version).to.equal('v1')
  const bytes = Buffer.from(text, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64'))
  decipher.setAuthTag(bytes.subarray(-16))
  return decipher.update(bytes.subarray(0, -16), undefined, 'utf8') + decipher.final('utf8')
}

describe('the secrets of a Pulumi stack file', () => {
  it('of a new passphrase have a salt of their own, whose verifier says pulumi', async () => {
    const { secrets, encryptionsalt } = await makePulumiPassphrase('correct horse')
    const [version, salt = '', ...verifier] = encryptionsalt.split(':')
    expect(version).to.equal('v1')
    expect(Buffer.from(salt, 'base64')).to.have.length(8)
    const key = pbkdf2Sync('correct horse', Buffer.from(salt, 'base64'), 1_000_000, 32, 'sha256')
    expect(decrypt(key, verifier.join(':'))).to.equal('pulumi')
    expect(decrypt(key, secrets.encrypt('hunter2'))).to.equal('hunter2')
    expect(secrets.encrypt('a')).to.not.equal(secrets.encrypt('a'))
  })

  for (const { passphrase, salt, key } of vectors) {
    it(`open with the passphrase '${passphrase}'`, async () => {
      const secrets = await openPulumiPassphrase(salt, passphrase)
      // The verifier itself is such a value.
      expect(secrets.decrypt(salt.split(':').slice(2).join(':'))).to.equal('pulumi')
      expect(openPulumiSecrets(Buffer.from(key, 'hex')).decrypt(salt.split(':').slice(2).join(':'))).to.equal('pulumi')
      for (const plaintext of ['', 'hunter2', 'à\n{"a": 1}']) {
        expect(secrets.decrypt(encrypt(key, plaintext))).to.equal(plaintext)
        // And the other way, so that the key of the vector decrypts it.
        expect(decrypt(Buffer.from(key, 'hex'), secrets.encrypt(plaintext))).to.equal(plaintext)
      }
    })
  }

  it('stay locked with a wrong passphrase, which shows when one is used', async () => {
    const { salt, key } = vectors[0]!
    const secrets = await openPulumiPassphrase(salt, 'Password')
    const error = await errorOf(() => secrets.decrypt(encrypt(key, 'hunter2')))
    expect(error.code).to.equal('key_unavailable')
    expect(error.hint).to.contain('PULUMI_CONFIG_PASSPHRASE')
    // Nothing is encrypted that the passphrase of the stack would not open.
    expect((await errorOf(() => secrets.encrypt('hunter2'))).code).to.equal('key_unavailable')
  })

  it('are refused where the salt is malformed', async () => {
    const { salt } = vectors[0]!
    const malformed = [
      '',
      'v1',
      'v1:fozI5u6B030=',
      salt.replace('=:', '=:x:'),
      salt.replace('fozI5u6B030=', 'fozI'),
      salt.replace('fozI5u6B030=', 'f!zI5u6B030='),
    ]
    for (const text of malformed) {
      const error = await errorOf(() => openPulumiPassphrase(text, 'password'))
      expect(error.message, text).to.equal('encryptionsalt: malformed state value')
    }
    const verifier = await errorOf(() => openPulumiPassphrase(salt.replace('F+6ZduKKd8G0/V7L', 'F+6Z'), 'password'))
    expect(verifier.message).to.equal('encryptionsalt: malformed state value')
    const version = await errorOf(() => openPulumiPassphrase(salt.replace('v1', 'v2'), 'password'))
    expect(version.message).to.equal('encryptionsalt: unknown state version')
  })

  it('are refused one by one where a value is malformed or was changed', async () => {
    const { key } = vectors[0]!
    const secrets = openPulumiSecrets(Buffer.from(key, 'hex'))
    const value = encrypt(key, 'hunter2')
    const [, nonce, text] = value.split(':') as [string, string, string]
    const malformed = [
      '',
      'v1',
      'hunter2',
      `v2:${nonce}:${text}`,
      `v1:${nonce}`,
      `${value}:`,
      `v1:AAAA:${text}`,
      `v1:${nonce}:AAAA`,
      `v1:${nonce}:${text.slice(0, -1)}!`,
    ]
    for (const bad of malformed) {
      const error = await errorOf(() => secrets.decrypt(bad))
      expect(error.code, bad).to.equal('invalid_input')
      expect(error.message).to.not.contain('hunter2')
    }
    for (let at = 0; at < Buffer.from(text, 'base64').length; at++) {
      const bytes = Buffer.from(text, 'base64')
      bytes[at]! ^= 1
      const error = await errorOf(() => secrets.decrypt(`v1:${nonce}:${bytes.toString('base64')}`))
      expect(error.code).to.equal('tampered')
    }
  })
})
