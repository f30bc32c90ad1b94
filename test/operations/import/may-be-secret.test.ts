import { expect } from 'chai'
import { mayBeSecret } from '../../../src/operations/definitions/import/may-be-secret.ts'

describe('a value of an imported file', () => {
  it('is taken for a secret by its name or its looks', async () => {
    const secrets = {
      DB_PASSWORD: 'x',
      password: '1234',
      api_key: 'abc',
      STRIPE_KEY: 'abc',
      GITHUB_TOKEN: 'abc',
      'aws:secretAccessKey': 'abc',
      SENTRY_DSN: 'https://x',
      SLACK_WEBHOOK_URL: 'https://x',
      DATABASE_URL: 'postgres://app:pw@host/db',
      REDIS: 'redis://:pw@host',
      X: 'ghp_abcdefghij',
      CERT: '-----BEGIN RSA PRIVATE KEY-----\nabc',
      JWT: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc',
    }
    for (const [name, text] of Object.entries(secrets)) expect(await mayBeSecret(name, text), name).to.equal(true)
  })

  it('is not, when it is plainly none', async () => {
    const plain = {
      PORT: '8080',
      HOST: 'db.example.com',
      'aws:region': 'eu-west-1',
      URL: 'https://example.com/a:b@c',
      USE_TOKEN: 'true',
      PASSWORD: '',
      KEYBOARD: 'qwerty',
      COMPASS: 'north',
      AUTHOR: 'Ada',
      CERT: '-----BEGIN CERTIFICATE-----\nabc',
    }
    for (const [name, text] of Object.entries(plain)) expect(await mayBeSecret(name, text), name).to.equal(false)
  })
})
