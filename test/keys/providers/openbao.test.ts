import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { DataKey, openSecretsProvider } from '../../../src/keys/index.ts'
import { findBinary, skipWithout } from '../../servers/binary.ts'
import { missingOpenBao, type OpenBaoServer, openBaoPackages, startOpenBao } from '../../servers/openbao.ts'
import { errorOf } from '../../store/worlds.ts'
import { contextOf } from '../setup.ts'

describe('a key of a real OpenBao', function () {
  this.timeout(60_000)
  const owner = { id: 'environment-1', name: 'rotators/ci' }
  const dataKey = DataKey.generate(owner).revealBytes()
  let server: OpenBaoServer
  let folder: string
  let token: string

  before(async function () {
    skipWithout(this, missingOpenBao(), openBaoPackages)
    server = await startOpenBao()
    folder = mkdtempSync(join(tmpdir(), 'esc-bao-home-'))
    await server.call('POST', 'sys/mounts/transit', { body: { type: 'transit' } })
    await server.call('POST', 'transit/keys/app')
    await server.call('POST', 'sys/namespaces/team-a')
    await server.call('POST', 'sys/mounts/keys', { body: { type: 'transit' }, namespace: 'team-a' })
    await server.call('POST', 'keys/keys/app', { namespace: 'team-a' })
    const policy =
      'path "transit/encrypt/app" { capabilities = ["update"] }\npath "transit/decrypt/app" { capabilities = ["update"] }'
    await server.call('POST', 'sys/policies/acl/esc', { body: { policy } })
    token = String((await server.call('POST', 'auth/token/create', { body: { policies: ['esc'] } })).client_token)
  })
  after(async () => {
    await server?.stop()
    if (folder) rmSync(folder, { recursive: true })
  })

  async function roundTrip(url: string, env: Record<string, string>): Promise<string> {
    const open = () => openSecretsProvider(url, contextOf({ env, configFolder: '/nowhere' }), owner)
    const wrapped = await (await open()).wrapKey(dataKey)
    expect(Buffer.from(await (await open()).unwrapKey(wrapped)).equals(dataKey)).to.equal(true)
    return wrapped
  }

  it('is reached by BAO_ADDR, BAO_TOKEN and BAO_CACERT, with a token that may use the key and nothing else', async () => {
    const env = { BAO_ADDR: server.url, BAO_TOKEN: token, BAO_CACERT: server.authority }
    expect(await roundTrip('hashivault://app', env)).to.match(/^v1:hashivault:vault:v1:/)
    const denied = await errorOf(() => roundTrip('hashivault://other', env))
    expect(denied.message).to.contain('HTTP 403').and.contain('permission denied')
  })

  it('is reached with the token that "bao login" has left', async () => {
    const env = { HOME: folder, BAO_ADDR: server.url, BAO_CACERT: server.authority }
    execFileSync(findBinary('bao')!, ['login', '-no-print', '-'], {
      env,
      input: token,
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    await roundTrip('hashivault://app', { HOME: folder, VAULT_ADDR: server.url, VAULT_CACERT: server.authority })
  })

  it('may stand in a namespace, which a variable or the URL names', async () => {
    const env = { VAULT_ADDR: server.url, VAULT_TOKEN: server.rootToken, VAULT_CACERT: server.authority }
    await roundTrip('hashivault://app?engine=keys', { ...env, BAO_NAMESPACE: 'team-a' })
    await roundTrip('hashivault://app?engine=keys&namespace=team-a', env)
    const outside = await errorOf(() => roundTrip('hashivault://app?engine=keys', env))
    expect(outside.message).to.match(/HTTP 404/)
  })

  it('is not made by mistake, even by a token that may do everything', async () => {
    const env = { VAULT_ADDR: server.url, VAULT_TOKEN: server.rootToken, VAULT_CACERT: server.authority }
    const error = await errorOf(() => roundTrip('hashivault://typo', env))
    expect(error.code).to.equal('key_unavailable')
    expect(error.message).to.contain('encryption key not found')
    expect((await errorOf(() => server.call('GET', 'transit/keys/typo'))).message).to.contain('404')
    await roundTrip('hashivault://app', env)
  })

  it('is refused without its certificate authority, with the variable that names one', async () => {
    const error = await errorOf(() => roundTrip('hashivault://app', { VAULT_ADDR: server.url, VAULT_TOKEN: token }))
    expect(error.code).to.equal('key_unavailable')
    expect(error.hint).to.contain('set VAULT_CACERT')
  })
})
