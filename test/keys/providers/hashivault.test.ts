import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { DataKey, openSecretsProvider } from '../../../src/keys/index.ts'
import { FakeVault } from '../../fakes/vault-transit.ts'
import { skipWithout } from '../../servers/binary.ts'
import { selfSigned } from '../../servers/certificate.ts'
import { errorOf } from '../../store/worlds.ts'
import { type Subject, testSecretsProvider, unavailable } from '../contract.ts'
import type { Setup } from '../setup.ts'
import { contextOf } from '../setup.ts'

testSecretsProvider({
  kind: 'hashivault',
  remote: true,
  start: async (folder) => {
    const fake = await new FakeVault({ namespace: 'team-a', mount: 'keys/transit' }).start()
    const key = fake.addKey('app')
    fake.addKey('other')
    const token = fake.addToken('encrypt/app', 'decrypt/app', 'encrypt/other', 'decrypt/other', 'encrypt/none')
    const weak = fake.addToken('encrypt/app')
    const env = { VAULT_ADDR: `${fake.url}/`, VAULT_TOKEN: token, VAULT_NAMESPACE: 'team-a' }
    const setup = (more: Record<string, string>): Setup => ({ env: { ...env, ...more }, configFolder: folder })
    const url = 'hashivault://app?engine=keys/transit'
    const subject: Subject = {
      url,
      setup: setup({}),
      other: { url: 'hashivault://other?engine=keys/transit', message: /message authentication failed/ },
      secrets: () => [...fake.tokens.keys(), 'hvs.unknown-token'],
      fake,
      rotate: () => fake.rotate('app'),
      failures: {
        'no permission': {
          setup: setup({ VAULT_TOKEN: weak }),
          ...unavailable,
          message: /with Vault key keys\/transit\/app: HTTP 403: .*permission denied/,
        },
        'an unknown token': { setup: setup({ VAULT_TOKEN: 'hvs.unknown-token' }), ...unavailable, message: /HTTP 403/ },
        'another namespace': { setup: setup({ VAULT_NAMESPACE: '' }), ...unavailable, message: /HTTP 403/ },
        'another mount': { url: 'hashivault://app', ...unavailable, message: /HTTP 404: no handler for route/ },
        'no address': {
          setup: setup({ VAULT_ADDR: '' }),
          ...unavailable,
          message: /neither VAULT_SERVER_URL nor VAULT_ADDR nor BAO_ADDR/,
        },
        'a bad address': {
          setup: setup({ VAULT_SERVER_URL: 'vault:8200' }),
          ...unavailable,
          message: /VAULT_SERVER_URL is not the http\(s\) address/,
        },
        'no token': {
          setup: setup({ VAULT_TOKEN: '' }),
          ...unavailable,
          message:
            /nor VAULT_SERVER_TOKEN nor VAULT_TOKEN nor BAO_TOKEN is set, and \/nowhere\/\.vault-token holds no token/,
        },
        'no such key': {
          url: 'hashivault://none?engine=keys/transit',
          action: 'wrap',
          ...unavailable,
          message: /encryption key not found/,
        },
        'a version that may not decrypt any more': {
          cause: () => {
            fake.rotate('app')
            key.minDecryptionVersion = 2
          },
          ...unavailable,
          message: /too old/,
        },
        'a sealed server': {
          cause: () => {
            fake.sealed = true
          },
          ...unavailable,
          message: /HTTP 503: Vault is sealed/,
        },
      },
    }
    return subject
  },
})

describe('a key of Vault', () => {
  const owner = { id: 'environment-1', name: 'rotators/ci' }
  const dataKey = DataKey.generate(owner).revealBytes()
  let fake: FakeVault
  let token: string
  beforeEach(async () => {
    fake = await new FakeVault().start()
    fake.addKey('app')
    token = fake.addToken('encrypt/app', 'decrypt/app')
  })
  afterEach(() => fake.stop())

  async function roundTrip(env: Record<string, string>, url = 'hashivault://app'): Promise<string> {
    const provider = await openSecretsProvider(url, contextOf({ env, configFolder: '/nowhere' }), owner)
    const wrapped = await provider.wrapKey(dataKey)
    expect(Buffer.from(await provider.unwrapKey(wrapped)).equals(dataKey)).to.equal(true)
    return wrapped
  }

  it('is reached by VAULT_SERVER_URL and VAULT_SERVER_TOKEN, before VAULT_ADDR and VAULT_TOKEN', async () => {
    await roundTrip({ VAULT_ADDR: fake.url, VAULT_TOKEN: token })
    const others = { VAULT_ADDR: 'http://127.0.0.1:9', VAULT_TOKEN: 'other' }
    await roundTrip({ ...others, VAULT_SERVER_URL: fake.url, VAULT_SERVER_TOKEN: token })
  })

  it('keeps the version of the key in what is wrapped', async () => {
    const env = { VAULT_ADDR: fake.url, VAULT_TOKEN: token }
    expect(await roundTrip(env)).to.match(/^v1:hashivault:vault:v1:/)
    fake.rotate('app')
    expect(await roundTrip(env)).to.match(/^v1:hashivault:vault:v2:/)
  })

  it('is not made by mistake, where a token may create keys', async () => {
    fake.upsert = true
    const env = { VAULT_ADDR: fake.url, VAULT_TOKEN: fake.addToken('keys/typo', 'encrypt/typo', 'decrypt/typo') }
    const error = await errorOf(() => roundTrip(env, 'hashivault://typo'))
    expect(error.code).to.equal('key_unavailable')
    expect(error.message).to.contain('with Vault key transit/typo: HTTP 404: encryption key not found')
    expect([...fake.keys.keys()]).to.deep.equal(['app'])
  })

  it('is not followed to another server, which would get the token', async () => {
    const standby = createServer((_request, response) => {
      response.writeHead(307, { location: `${fake.url}/v1/transit/encrypt/app` }).end()
    })
    await new Promise<void>((resolve) => standby.listen(0, '127.0.0.1', resolve))
    try {
      const url = `http://127.0.0.1:${(standby.address() as AddressInfo).port}`
      const error = await errorOf(() => roundTrip({ VAULT_ADDR: url, VAULT_TOKEN: token }))
      expect(error.message).to.contain('HTTP 307: the server refers to another one')
      expect(fake.requests).to.deep.equal([])
    } finally {
      standby.close()
    }
  })

  it('is given up where the server answers without an end', async () => {
    const endless = createServer((_request, response) => {
      const chunk = Buffer.alloc(65_536, ' ')
      const more = () => void (response.destroyed || response.write(chunk, more))
      more()
    })
    await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve))
    try {
      const url = `http://127.0.0.1:${(endless.address() as AddressInfo).port}`
      const error = await errorOf(() => roundTrip({ VAULT_ADDR: url, VAULT_TOKEN: token }))
      expect(error.code).to.equal('provider_failed')
      expect(error.message).to.contain('malformed answer')
    } finally {
      endless.closeAllConnections()
      endless.close()
    }
  })

  it('never shows the token, in whatever form and place the server sends it back', async () => {
    const odd = 'hvs.odd/token+with"quotes'
    const echo = createServer((request, response) => {
      const got = String(request.headers['x-vault-token'])
      const forms = [got, encodeURIComponent(got), Buffer.from(got).toString('base64'), JSON.stringify(got)]
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ errors: forms }))
    })
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
    try {
      const url = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`
      const error = await errorOf(() => roundTrip({ VAULT_ADDR: url, VAULT_TOKEN: odd }))
      expect(error.message).to.match(/HTTP 400: \[secret\]; \[secret\]; \[secret\]\w?=*; "\[secret\]"$/)
    } finally {
      echo.close()
    }
  })

  it('is reached by the variables of OpenBao, before those of Vault', async () => {
    const others = { VAULT_ADDR: 'http://127.0.0.1:9', VAULT_TOKEN: 'other', VAULT_NAMESPACE: 'other' }
    await roundTrip({ ...others, BAO_ADDR: fake.url, BAO_TOKEN: token, BAO_NAMESPACE: '', VAULT_NAMESPACE: '' })
    const named = await new FakeVault({ namespace: 'team-b' }).start()
    try {
      named.addKey('app')
      const env = { ...others, BAO_ADDR: named.url, BAO_TOKEN: named.addToken('encrypt/app', 'decrypt/app') }
      await roundTrip({ ...env, BAO_NAMESPACE: 'team-b' })
    } finally {
      await named.stop()
    }
  })

  it('is used with the token that a log-in has left, unless a variable holds one', async () => {
    const home = mkdtempSync(join(tmpdir(), 'esc-vault-'))
    try {
      writeFileSync(join(home, '.vault-token'), `${token}\n`)
      await roundTrip({ VAULT_ADDR: fake.url, HOME: home })
      const other = await errorOf(() => roundTrip({ VAULT_ADDR: fake.url, HOME: home, VAULT_TOKEN: 'hvs.other' }))
      expect(other.message).to.contain('HTTP 403')
      writeFileSync(join(home, 'elsewhere'), token)
      await roundTrip({ VAULT_ADDR: fake.url, BAO_TOKEN_PATH: join(home, 'elsewhere') })
      writeFileSync(join(home, '.vault-token'), 'two words')
      const odd = await errorOf(() => roundTrip({ VAULT_ADDR: fake.url, HOME: home }))
      expect(odd.message).to.contain('.vault-token holds something that is not a token').and.not.contain('two words')
    } finally {
      rmSync(home, { recursive: true })
    }
  })

  describe('whose server stands in the URL', () => {
    let second: FakeVault
    let secondToken: string
    beforeEach(async () => {
      second = await new FakeVault({ namespace: 'ops' }).start()
      second.addKey('app')
      secondToken = second.addToken('encrypt/app', 'decrypt/app')
    })
    afterEach(() => second.stop())
    const urlOf = (vault: FakeVault) => `hashivault://app?address=${encodeURIComponent(vault.url)}`
    const hostOf = (vault: FakeVault) => new URL(vault.url).host

    it('is used at the same time as another server, each with its token', async () => {
      const env = {
        VAULT_ADDR: fake.url,
        VAULT_TOKEN: token,
        [`ESC_VAULT_TOKEN_${hostOf(second).replace(/[.:]/g, '_')}`]: secondToken,
        ESC_KEY_HOSTS: hostOf(second),
      }
      await roundTrip(env)
      await roundTrip(env, `${urlOf(second)}&namespace=ops`)
      expect(second.requests.every(({ headers }) => headers['x-vault-token'] === secondToken)).to.equal(true)
      expect(fake.requests.every(({ headers }) => headers['x-vault-token'] === token)).to.equal(true)
    })

    it('gets no token before its host was allowed', async () => {
      const env = { VAULT_ADDR: fake.url, VAULT_TOKEN: token }
      const error = await errorOf(() => roundTrip(env, `${urlOf(second)}&namespace=ops`))
      expect(error.code).to.equal('untrusted')
      expect(error.message).to.contain(second.url).and.contain('not the server that VAULT_ADDR names')
      expect(second.requests).to.deep.equal([])
      // The user has named it.
      await roundTrip(env, urlOf(fake))
    })
  })

  it('refuses a URL that is not a server, or whose token would travel in the clear', async () => {
    for (const address of [
      'http://vault.example.com',
      'vault.example.com',
      'https://user:pw@vault.example.com',
      'https://vault.example.com/../x',
      'https://vault.example.com?x=1',
      'unix:///run/vault.sock',
    ]) {
      const error = await errorOf(() => roundTrip({}, `hashivault://app?address=${encodeURIComponent(address)}`))
      expect(error.code, address).to.equal('invalid_input')
      expect(error.message, address).to.contain("the parameter 'address' must be https://")
    }
    const path = await errorOf(() => roundTrip({}, 'hashivault://vault.example.com:8200/app'))
    expect(path.message).to.contain('the server goes into the parameter address')
  })
})

describe('a server of Vault over TLS', () => {
  const owner = { id: 'environment-1', name: 'rotators/ci' }
  const dataKey = DataKey.generate(owner).revealBytes()
  const client = selfSigned()
  const own = selfSigned()
  let folder: string
  let fake: FakeVault
  let env: Record<string, string>

  before(function () {
    skipWithout(this, own === undefined ? ['openssl'] : [], 'openssl')
    folder = mkdtempSync(join(tmpdir(), 'esc-vault-tls-'))
    mkdirSync(join(folder, 'authorities'))
    writeFileSync(join(folder, 'authorities', 'own.pem'), own!.certificate)
    writeFileSync(join(folder, 'authorities', 'README'), 'no certificate')
    writeFileSync(join(folder, 'client.pem'), client!.certificate)
    writeFileSync(join(folder, 'client.key'), client!.key)
  })
  after(() => folder && rmSync(folder, { recursive: true }))
  const start = async (options: object = {}) => {
    fake = await new FakeVault().start({ key: own!.key, cert: own!.certificate, ...options })
    fake.addKey('app')
    env = { VAULT_ADDR: fake.url, VAULT_TOKEN: fake.addToken('encrypt/app', 'decrypt/app') }
  }
  afterEach(() => fake.stop())

  const authority = () => join(folder, 'authorities', 'own.pem')
  async function roundTrip(more: Record<string, string>): Promise<void> {
    const context = contextOf({ env: { ...env, ...more }, configFolder: '/nowhere' })
    const provider = await openSecretsProvider('hashivault://app', context, owner)
    const wrapped = await provider.wrapKey(dataKey)
    expect(Buffer.from(await provider.unwrapKey(wrapped)).equals(dataKey)).to.equal(true)
  }

  it('is believed by a file, a folder or the text of its authorities, or without any, as asked', async () => {
    await start()
    for (const each of ['VAULT', 'BAO']) {
      await roundTrip({ [`${each}_CACERT`]: authority() })
      await roundTrip({ [`${each}_CAPATH`]: join(folder, 'authorities') })
      await roundTrip({ [`${each}_CACERT_BYTES`]: own!.certificate })
      await roundTrip({ [`${each}_SKIP_VERIFY`]: '1' })
    }
    const unbelieved: Record<string, string>[] = [
      {},
      { VAULT_SKIP_VERIFY: 'false' },
      { VAULT_CACERT: join(folder, 'client.pem') },
    ]
    for (const more of unbelieved) {
      const error = await errorOf(() => roundTrip(more))
      expect(error.code).to.equal('key_unavailable')
      expect(error.hint).to.match(/VAULT_CACERT/)
    }
  })

  it('gets the client certificate that it asks for', async () => {
    await start({ ca: client!.certificate, requestCert: true, rejectUnauthorized: true })
    const files = { CLIENT_CERT: join(folder, 'client.pem'), CLIENT_KEY: join(folder, 'client.key') }
    for (const each of ['VAULT', 'BAO']) {
      const named = Object.fromEntries(Object.entries(files).map(([name, file]) => [`${each}_${name}`, file]))
      await roundTrip({ [`${each}_CACERT`]: authority(), ...named })
    }
    const without = await errorOf(() => roundTrip({ VAULT_CACERT: authority() }))
    expect(without.code).to.equal('key_unavailable')
    const half = await errorOf(() => roundTrip({ VAULT_CLIENT_CERT: files.CLIENT_CERT }))
    expect(half.message).to.contain('VAULT_CLIENT_CERT is set, and VAULT_CLIENT_KEY is not')
  })

  it('is checked by the name that VAULT_TLS_SERVER_NAME gives', async () => {
    await start()
    await roundTrip({ VAULT_CACERT: authority(), VAULT_TLS_SERVER_NAME: 'localhost' })
    const error = await errorOf(() => roundTrip({ VAULT_CACERT: authority(), VAULT_TLS_SERVER_NAME: 'other.example' }))
    expect(error.hint).to.contain('VAULT_TLS_SERVER_NAME')
  })

  it('is not asked with settings that cannot be used; each is named, and no key is shown', async () => {
    await start()
    const wrong: Record<string, [Record<string, string>, RegExp]> = {
      missing: [{ VAULT_CACERT: join(folder, 'none.pem') }, /VAULT_CACERT: .*none\.pem cannot be read \(ENOENT\)/],
      'no PEM': [{ VAULT_CACERT: join(folder, 'authorities', 'README') }, /holds no certificate in PEM/],
      'an empty folder': [{ BAO_CAPATH: join(folder, 'nothing') }, /BAO_CAPATH: .*nothing holds no certificate/],
      'a text for a path': [{ VAULT_CACERT: own!.certificate }, /VAULT_CACERT holds a certificate or key itself/],
      'no boolean': [{ VAULT_SKIP_VERIFY: 'yes please' }, /VAULT_SKIP_VERIFY is neither true nor false/],
      'a key for a certificate': [
        { VAULT_CLIENT_CERT: join(folder, 'client.key'), VAULT_CLIENT_KEY: join(folder, 'client.key') },
        /VAULT_CLIENT_CERT: .*client\.key holds no certificate in PEM/,
      ],
    }
    for (const [name, [more, message]] of Object.entries(wrong)) {
      const error = await errorOf(() => roundTrip(more))
      expect(error.message, name).to.match(message).and.not.contain('PRIVATE')
      expect(error.code, name).to.equal('key_unavailable')
    }
    expect(fake.requests).to.deep.equal([])
  })
})
