import { createPublicKey, createVerify, generateKeyPairSync } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect } from 'chai'
import { noticeText } from '../../src/cli/framework/notice-text.ts'
import { EscError } from '../../src/errors.ts'
import { oidcKey, oidcKeySet } from '../../src/keys/index.ts'
import { thumbprint } from '../../src/keys/oidc-key-file.ts'
import type { Notice } from '../../src/notice.ts'

const now = new Date('2026-03-04T05:06:07Z')

describe('oidcKey', () => {
  let folder: string
  let told: string[]
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'esc-oidc-')), 'esc')
    told = []
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const context = (env: Record<string, string> = {}) => ({
    env,
    configFolder: folder,
    notify: (notice: Notice) => told.push(noticeText(notice)),
  })
  const path = () => join(folder, 'oidc.key')
  const decode = (part: string | undefined) => JSON.parse(Buffer.from(part!, 'base64url').toString())

  it('signs with a key that its key set verifies', async () => {
    const key = oidcKey(context(), { issuer: 'https://esc.example.org' })
    const [head, payload, signature] = (await key.sign({ aud: 'https://a', iat: 1 })).split('.')
    const { keys } = oidcKeySet(context(), now)
    expect(decode(head)).to.deep.equal({ alg: 'RS256', typ: 'JWT', kid: keys[0]!.kid })
    expect(decode(payload)).to.deep.equal({ iss: 'https://esc.example.org', aud: 'https://a', iat: 1 })
    const publicKey = createPublicKey({ key: keys[0]!, format: 'jwk' })
    expect(createVerify('RSA-SHA256').update(`${head}.${payload}`).verify(publicKey, signature!, 'base64url')).to.equal(
      true,
    )
  })

  it('makes the key once, for its owner only, and says where it is', async () => {
    const key = oidcKey(context())
    await key.sign({})
    const pem = readFileSync(path(), 'utf8')
    expect(statSync(path()).mode & 0o777).to.equal(0o600)
    expect(statSync(folder).mode & 0o777).to.equal(0o700)
    await oidcKey(context()).sign({})
    oidcKeySet(context(), now)
    expect(readFileSync(path(), 'utf8')).to.equal(pem)
    expect(told).to.have.length(1)
    expect(told[0]).to.include(path()).and.to.include('esc oidc jwks').and.not.to.include('BEGIN')
  })

  it('makes nothing before it is asked to sign', () => {
    oidcKey(context(), { issuer: 'https://esc.example.org' })
    expect(() => statSync(path())).to.throw('ENOENT')
  })

  it('is named by the key where no issuer is configured', () => {
    const { keys } = oidcKeySet(context(), now)
    expect(oidcKey(context()).issuer).to.equal(`urn:ietf:params:oauth:jwk-thumbprint:sha-256:${keys[0]!.kid}`)
  })

  it('shows the public half only', () => {
    expect(Object.keys(oidcKeySet(context(), now).keys[0]!).sort()).to.deep.equal([
      'alg',
      'e',
      'kid',
      'kty',
      'n',
      'use',
    ])
  })

  it('takes the key of ESC_OIDC_KEY, line breaks written out or not', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const [one, two] = [pem, pem.replaceAll('\n', '\\n')].map((text) =>
      oidcKeySet(context({ ESC_OIDC_KEY: text }), now),
    )
    expect(one).to.deep.equal(two)
    expect(() => statSync(path())).to.throw('ENOENT')
  })

  it('names a key as RFC 7638 does', () => {
    // The key and the thumbprint of its section 3.1; the private half is not needed for either.
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw'
    expect(thumbprint({ e: 'AQAB', n })).to.equal('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  })

  it('refuses a key file that others may read', () => {
    oidcKeySet(context(), now)
    chmodSync(path(), 0o640)
    expect(() => oidcKeySet(context(), now))
      .to.throw(EscError, 'can be read by others')
      .with.property('hint')
      .that.includes('chmod 600')
  })

  it('refuses what is no RSA key of 2048 bits, and quotes nothing of it', () => {
    oidcKeySet(context(), now)
    const pem = readFileSync(path(), 'utf8')
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
    const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    for (const text of [
      '',
      pem.slice(0, 400),
      ...[small, curve].map((key) => key.export({ type: 'pkcs8', format: 'pem' }).toString()),
    ]) {
      writeFileSync(path(), text)
      let error: unknown
      try {
        oidcKeySet(context(), now)
      } catch (thrown) {
        error = thrown
      }
      expect(error).to.be.instanceOf(EscError).with.property('code', 'key_unavailable')
      if (text !== '') expect(inspect(error, { depth: 9, showHidden: true })).to.not.include(text.slice(40, 80))
    }
  })
})
