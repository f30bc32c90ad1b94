import { createCipheriv } from 'node:crypto'
import { expect } from 'chai'
import { openPulumiPassphrase, openPulumiSecrets } from '../../src/keys/index.ts'
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

describe('the secrets of a Pulumi stack file', () => {
  for (const { passphrase, salt, key } of vectors) {
    it(`open with the passphrase '${passphrase}'`, async () => {
      const secrets = await openPulumiPassphrase(salt, passphrase)
      // The verifier itself is such a value.
      expect(secrets.decrypt(salt.split(':').slice(2).join(':'))).to.equal('pulumi')
      expect(openPulumiSecrets(Buffer.from(key, 'hex')).decrypt(salt.split(':').slice(2).join(':'))).to.equal('pulumi')
      for (const plaintext of ['', 'hunter2', 'à\n{"a": 1}']) {
        expect(secrets.decrypt(encrypt(key, plaintext))).to.equal(plaintext)
      }
    })
  }

  it('stay locked with a wrong passphrase, which shows when one is used', async () => {
    const { salt, key } = vectors[0]!
    const secrets = await openPulumiPassphrase(salt, 'Password')
    const error = await errorOf(() => secrets.decrypt(encrypt(key, 'hunter2')))
    expect(error.code).to.equal('key_unavailable')
    expect(error.hint).to.contain('PULUMI_CONFIG_PASSPHRASE')
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
