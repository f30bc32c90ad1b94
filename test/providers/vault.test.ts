import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import type { ProviderContext } from '../../src/providers/index.ts'
import type { VaultLogin } from '../../src/providers/vault-api.ts'
import { vaultLoginProvider } from '../../src/providers/vault-login.ts'
import { vaultSecretsProvider } from '../../src/providers/vault-secrets.ts'
import { type Secret, secret } from '../../src/secret.ts'
import { skipWithout } from '../servers/binary.ts'
import { missingOpenBao, type OpenBaoServer, openBaoPackages, startOpenBao } from '../servers/openbao.ts'
import { jwtOf, rsaKey } from './jwt.ts'

describe('vault-login and vault-secrets against a real OpenBao', () => {
  let server: OpenBaoServer
  let network: Parameters<typeof vaultLoginProvider>[0]
  const key = rsaKey()
  const context: ProviderContext = {
    now: () => new Date(),
    signal: new AbortController().signal,
    network: async () => ({ privateHosts: ['127.0.0.1'] }),
    identityToken: async ({ audience }) =>
      jwtOf(key, { iss: 'https://esc.example.org', aud: audience ?? 'acme', sub: 'env:app/dev' }),
  }
  before(async function () {
    this.timeout(60_000)
    skipWithout(this, missingOpenBao(), openBaoPackages)
    server = await startOpenBao()
    network = { tls: { ca: readFileSync(server.authority, 'utf8') } }
    const rules = 'path "secret/data/*" { capabilities = ["read"] }\npath "kv1/*" { capabilities = ["read"] }'
    await server.call('POST', 'sys/policies/acl/shop', { body: { policy: rules } })
    await server.call('POST', 'sys/mounts/kv1', { body: { type: 'kv', options: { version: '1' } } })
    await server.call('POST', 'kv1/shop', { body: { user: 'old', password: 'of-version-1' } })
    await server.call('POST', 'secret/data/shop', {
      body: { data: { user: 'new', password: 'of-version-2', ports: [1, 2] } },
    })
    for (const type of ['approle', 'userpass', 'jwt']) await server.call('POST', `sys/auth/${type}`, { body: { type } })
    await server.call('POST', 'auth/approle/role/app', { body: { token_policies: ['shop'] } })
    await server.call('POST', 'auth/userpass/users/ada', {
      body: { password: 'ada-password', token_policies: ['shop'] },
    })
    await server.call('POST', 'auth/jwt/config', { body: { jwt_validation_pubkeys: [key.publicPem] } })
    await server.call('POST', 'auth/jwt/role/dev', {
      body: {
        role_type: 'jwt',
        user_claim: 'sub',
        bound_audiences: ['acme'],
        bound_subject: 'env:app/dev',
        token_policies: ['shop'],
      },
    })
  })
  after(() => server?.stop())

  const logIn = (inputs: object) =>
    vaultLoginProvider(network).open({ address: server.url, ...inputs }, context) as Promise<VaultLogin>
  const read = async (login: VaultLogin, entries: Record<string, { path: string; field?: string }>) =>
    (await vaultSecretsProvider(network).open({ login, read: entries }, context)) as Record<string, Secret>

  it('logs in with the identity token, an AppRole and a user, and reads KV of both versions', async () => {
    const { role_id: roleId } = await server.call('GET', 'auth/approle/role/app/role-id')
    const { secret_id: secretId } = await server.call('POST', 'auth/approle/role/app/secret-id')
    for (const inputs of [
      { jwt: { role: 'dev' } },
      { approle: { roleId: String(roleId), secretId: secret(String(secretId)) } },
      { userpass: { username: 'ada', password: secret('ada-password') } },
    ]) {
      const login = await logIn(inputs)
      expect(JSON.stringify(login)).to.include('[secret]')
      const values = await read(login, {
        old: { path: 'kv1/shop' },
        field: { path: 'kv1/shop', field: 'password' },
        all: { path: 'secret/data/shop' },
        inner: { path: 'secret/data/shop', field: 'ports' },
      })
      expect(values.old?.reveal()).to.deep.equal({ user: 'old', password: 'of-version-1' })
      expect(values.field?.reveal()).to.equal('of-version-1')
      expect(values.all?.reveal()).to.have.nested.property('data.password', 'of-version-2')
      expect(values.all?.reveal()).to.have.nested.property('metadata.version', 1)
      expect(values.inner?.reveal()).to.deep.equal([1, 2])
    }
  })

  it('makes a child of a token that is given, with its policies, a name and an end', async () => {
    const login = await logIn({
      token: { token: secret(server.rootToken), policies: ['shop'], maxTtl: '30m', metadata: { for: 'tests' } },
    })
    expect(login.token.reveal()).not.to.equal(server.rootToken)
    const about = await server.call('POST', 'auth/token/lookup', { body: { token: login.token.reveal() } })
    expect(about).to.include({ display_name: 'token-pulumi', explicit_max_ttl: 1800 })
    expect(about.meta).to.deep.equal({ for: 'tests' })
    expect((await read(login, { x: { path: 'kv1/shop', field: 'user' } })).x?.reveal()).to.equal('old')
  })

  it('says what Vault refuses: a login, a path without a policy, one that is not there, a version that is gone', async () => {
    const says = async (work: Promise<unknown>) => {
      const error = await work.then(
        () => new Error('it succeeded'),
        (caught: Error & { hint?: string }) => caught,
      )
      return `${error.message} | ${(error as { hint?: string }).hint}`
    }
    const wrong = logIn({ userpass: { username: 'ada', password: secret('not-her-password') } })
    expect(await says(wrong)).to.match(/login of user ada at userpass failed: HTTP 400: invalid username or password/)
    const login = await logIn({ userpass: { username: 'ada', password: secret('ada-password') } })
    expect(await says(read(login, { x: { path: 'sys/mounts' } }))).to.match(
      /`read\.x`: reading sys\/mounts failed: HTTP 403: .*permission denied.*\| .*policy/s,
    )
    expect(await says(read(login, { x: { path: 'secret/data/nobody' } }))).to.match(/HTTP 404: nothing is there/)
    const noField = read(login, { x: { path: 'secret/data/shop', field: 'passwrd' } })
    expect(await says(noField)).to.match(
      /no field "passwrd" \| there are user, password, ports|no field "passwrd" \| there are/,
    )
    await server.call('POST', 'secret/data/gone', { body: { data: { a: 1 } } })
    await server.call('POST', 'secret/delete/gone', { body: { versions: [1] } })
    expect(await says(read(login, { x: { path: 'secret/data/gone' } }))).to.match(
      /HTTP 404: this version was deleted at/,
    )
    const unversioned = read({ ...login, token: secret(server.rootToken) }, { x: { path: 'secret/shop' } })
    expect(await says(unversioned)).to.match(/HTTP 404: .*[Ii]nvalid path for a versioned.*\| .*data\/ after the mount/)
  })
})
