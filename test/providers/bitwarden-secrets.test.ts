import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect } from 'chai'
import type { EscError } from '../../src/errors.ts'
import { accessTokenKey, decryptEncString } from '../../src/providers/bitwarden-crypto.ts'
import { bitwardenSecretsProvider } from '../../src/providers/bitwarden-secrets.ts'
import type { ProviderContext } from '../../src/providers/index.ts'
import { type Secret, secret } from '../../src/secret.ts'
import { Bitwarden, encString } from '../fakes/bitwarden.ts'
import { Authority } from '../servers/authority.ts'
import { skipWithout } from '../servers/binary.ts'
import { pythonWith } from '../servers/readers.ts'
import { VendorServer } from './vendor-server.ts'

const id = '27d0dc4c-2c0b-4a37-8a42-b39d0118e2e5'
const other = '382580ab-1368-4e85-bfa3-b02e01400c9f'

/** Reads with the client that Bitwarden publishes, all in Rust but for this. */
const withTheirClient = `
import json, sys
from bitwarden_sdk import BitwardenClient, DeviceType, client_settings_from_dict
url, token, secret_id = sys.argv[1:]
client = BitwardenClient(client_settings_from_dict({
    "apiUrl": url + "/api", "identityUrl": url + "/identity",
    "deviceType": DeviceType.SDK.value, "userAgent": "test"}))
client.auth().login_access_token(token)
print(json.dumps(client.secrets().get(secret_id).data.value))
`

describe('bitwarden-secrets', () => {
  const context: ProviderContext = {
    now: () => new Date(),
    signal: new AbortController().signal,
    network: async () => ({ privateHosts: ['127.0.0.1'] }),
  }
  let server: VendorServer
  let bitwarden: Bitwarden
  beforeEach(async () => {
    server = await new VendorServer().start()
    bitwarden = new Bitwarden().keep(id, 'the api key, ü')
    server.answering = (request) => bitwarden.answer(request)
  })
  afterEach(() => server.stop())

  const open = (token = bitwarden.accessToken) =>
    bitwardenSecretsProvider(server.network).open(
      { login: { accessToken: secret(token) }, serverUrl: `${server.url}/`, get: { key: { secretId: id } } },
      context,
    ) as Promise<Record<string, Secret>>
  const refusal = async (token?: string) => {
    const error = await open(token).then(
      () => expect.fail('it opened'),
      (caught: EscError) => caught,
    )
    return `${error.message} | ${error.hint}`
  }

  it('reads from a server of one’s own', async () => {
    expect((await open()).key?.reveal()).to.equal('the api key, ü')
    expect(server.requests.map(({ path }) => path)).to.deep.equal(['/identity/connect/token', `/api/secrets/${id}`])
  })

  it('reads the same as the client that Bitwarden publishes, which takes nothing but TLS', async function () {
    this.timeout(30_000)
    const python = pythonWith('bitwarden_sdk')
    const packages = 'python3-venv, then: pip install bitwarden-sdk, and set ESC_TEST_PYTHON'
    if (python === undefined) return skipWithout(this, ['bitwarden-sdk'], packages)
    const authority = Authority.create()
    if (authority === undefined) return skipWithout(this, ['openssl'], 'openssl')
    const { key, certificate: cert } = authority.issue({ name: 'bitwarden', names: 'IP:127.0.0.1' })
    const secure = await new VendorServer({ key, cert }, authority.certificate).start()
    try {
      secure.answering = (request) => bitwarden.answer(request)
      bitwarden.keep(other, 'line 1\nline 2')
      for (const each of [id, other]) {
        const words = ['-c', withTheirClient, secure.url, bitwarden.accessToken, each]
        const env = { ...process.env, SSL_CERT_FILE: authority.file }
        const { stdout } = await promisify(execFile)(python, words, { env })
        const login = { accessToken: secret(bitwarden.accessToken) }
        const inputs = { login, serverUrl: secure.url, get: { key: { secretId: each } } }
        const ours = await bitwardenSecretsProvider(secure.network).open(inputs, context)
        expect((ours as Record<string, Secret>).key?.reveal()).to.equal(JSON.parse(stdout))
      }
    } finally {
      await secure.stop()
      authority.remove()
    }
  })

  it('derives the keys and decrypts the texts that Bitwarden publishes', () => {
    const key = accessTokenKey(Buffer.from('X8vbvA0bduihIDe/qrzIQQ==', 'base64'))
    const payload =
      '2.E9fE8+M/VWMfhhim1KlCbQ==|eLsHR484S/tJbIkM6spnG/HP65tj9A6Tba7kAAvUp+rYuQmGLixiOCfMsqt5OvBctDfvvr/AesBu7cZimPLyOEhqEAjn52jF0eaI38XZfeOG2VJl0LOf60Wkfh3ryAMvfvLj3G4ZCNYU8sNgoC2+IQ==|lNApuCQ4Pyakfo/wwuuajWNaEX/2MW8/3rjXB/V7n+k='
    const decrypted = decryptEncString(payload, key)
    expect(decrypted.kind).to.equal('plaintext')
    const { encryptionKey } = JSON.parse(decrypted.kind === 'plaintext' ? decrypted.text : '{}')
    const name = '2.WYqmVCB2wZc08tkzNOCmTw==|FAsVol/nJnnDk3/mp7z6QQ==|uPJOCC8iAbMzz4t60c35iZm8KzWKMn0ueCVJZlfmTdY='
    expect(decryptEncString(name, Buffer.from(encryptionKey, 'base64'))).to.deep.equal({
      kind: 'plaintext',
      text: 'btw',
    })
  })

  it('tells a key that does not fit from a login that is refused', async () => {
    const [front] = bitwarden.accessToken.split(':')
    expect(await refusal(`${front}:${Buffer.alloc(16).toString('base64')}`)).to.match(
      /its key does not fit.*after the colon/,
    )
    expect(await refusal(bitwarden.accessToken.replace('.C2Ig', '.D2Ig'))).to.match(
      /failed: invalid_client \|.*revoked/,
    )
  })

  it('gives nothing that was changed on the way, or is of another key or type', async () => {
    const whole = encString('swordfish', bitwarden.organizationKey)
    const [iv, ciphertext, mac] = whole.slice(2).split('|')
    const flipped = Buffer.from(ciphertext ?? '', 'base64')
    flipped[0] = (flipped[0] ?? 0) ^ 1
    for (const [kept, says] of [
      [`2.${iv}|${flipped.toString('base64')}|${mac}`, /was changed since/],
      [encString('x', Buffer.alloc(64)), /not encrypted with the key of the organization/],
      [`2.${iv}|${ciphertext}`, /type 2, but not whole/],
      [`7.${iv}`, /type 7, which esc does not know/],
      ['plain text', /type none/],
    ] as const) {
      bitwarden.secrets.set(id, kept)
      expect(await refusal())
        .to.match(says)
        .and.not.include('swordfish')
    }
  })

  it('says when the bearer no longer counts, or may not read', async () => {
    for (const [status, body, says] of [
      [401, '', /reading secret .* failed: HTTP 401 \| .*revoked a moment ago/],
      [403, { message: 'Forbidden' }, /HTTP 403: Forbidden \| .*may not read/],
    ] as const) {
      server.answering = (request) => (request.method === 'POST' ? bitwarden.answer(request) : { status, body })
      expect(await refusal()).to.match(says)
    }
  })
})
