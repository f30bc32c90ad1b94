import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { DataKey, type KeyContext, openSecretsProvider } from '../../../src/keys/index.ts'
import { FakeAzure } from '../../fakes/azure-key-vault.ts'
import { errorOf } from '../../store/worlds.ts'
import { testSecretsProvider, unavailable } from '../contract.ts'
import type { Setup } from '../setup.ts'
import { contextOf } from '../setup.ts'

testSecretsProvider({
  kind: 'azurekeyvault',
  remote: true,
  start: async (folder) => {
    const fake = await new FakeAzure().start()
    fake.addVersion('app')
    fake.addVersion('other')
    fake.apps.set('app-1', { secret: 'Xy~8Q-client-secret', allowed: ['encrypt', 'decrypt'] })
    fake.apps.set('app-2', { secret: 'Zw~9R-client-secret', allowed: ['encrypt'] })
    const setup = (env: Record<string, string>): Setup => ({
      env: { AZURE_TENANT_ID: fake.tenant, ...env },
      configFolder: folder,
      routes: fake.routes,
    })
    const good = setup({ AZURE_CLIENT_ID: 'app-1', AZURE_CLIENT_SECRET: 'Xy~8Q-client-secret' })
    const url = 'azurekeyvault://team.vault.azure.net/keys/app'
    return {
      url,
      setup: good,
      other: { url: 'azurekeyvault://team.vault.azure.net/keys/other', message: /KeyNotFound/ },
      secrets: () => ['Xy~8Q-client-secret', 'Zw~9R-client-secret', 'not the secret', ...fake.issuedTokens],
      fake,
      rotate: () => void fake.addVersion('app'),
      failures: {
        'no permission': {
          setup: setup({ AZURE_CLIENT_ID: 'app-2', AZURE_CLIENT_SECRET: 'Zw~9R-client-secret' }),
          ...unavailable,
          message: /Azure key https:\/\/team\.vault\.azure\.net\/keys\/app: Forbidden: .*decrypt permission/,
        },
        'no credentials': { setup: setup({}), ...unavailable, message: /no Azure credentials are set/ },
        'a wrong client secret': {
          setup: setup({ AZURE_CLIENT_ID: 'app-1', AZURE_CLIENT_SECRET: 'not the secret' }),
          ...unavailable,
          message: /invalid_client: AADSTS7000215: Invalid client secret provided: '\[secret\]'/,
        },
        'a token that is no longer good': {
          setup: setup({ ESC_AZURE_ACCESS_TOKEN: 'eyJ.expired' }),
          ...unavailable,
          message: /Unauthorized/,
        },
        'no such key': {
          url: 'azurekeyvault://team.vault.azure.net/keys/none',
          action: 'wrap',
          ...unavailable,
          message: /KeyNotFound/,
        },
        'a version that was deleted': {
          cause: () => void fake.keys.get('app')!.splice(0, 1),
          ...unavailable,
          message: /KeyNotFound/,
        },
        'a disabled key': {
          cause: () => {
            fake.keys.get('app')![0]!.enabled = false
          },
          ...unavailable,
          message: /disabled key/,
        },
        'a vault that does not exist': {
          url: 'azurekeyvault://nowhere.vault.azure.net/keys/app',
          ...unavailable,
          message: /ENOTFOUND: https:\/\/nowhere\.vault\.azure\.net/,
        },
      },
    }
  },
})

describe('a key of Azure Key Vault', () => {
  const owners = ['one', 'two', 'three'].map((id) => ({ id: `environment-${id}`, name: `a/${id}` }))
  const dataKey = DataKey.generate(owners[0]!).revealBytes()
  const url = 'azurekeyvault://team.vault.azure.net/keys/app'
  let fake: FakeAzure
  beforeEach(async () => {
    fake = await new FakeAzure().start()
    fake.addVersion('app')
  })
  afterEach(() => fake.stop())

  const context = (env: Record<string, string>, routes = fake.routes) =>
    contextOf({ env, configFolder: '/nowhere', routes })
  async function roundTrip(keys: KeyContext, name = url): Promise<string> {
    const provider = await openSecretsProvider(name, keys, owners[0]!)
    const wrapped = await provider.wrapKey(dataKey)
    expect(Buffer.from(await provider.unwrapKey(wrapped)).equals(dataKey)).to.equal(true)
    return wrapped
  }
  const allowed = ['encrypt', 'decrypt']
  const tokenRequests = () => fake.requests.filter(({ path }) => !path.startsWith('/team.vault.azure.net/'))

  it('is used by whoever has a federated token, in a file or a variable', async () => {
    fake.apps.set('app-1', { assertion: 'eyJ.federated.token', allowed })
    const folder = mkdtempSync(join(tmpdir(), 'esc-azure-'))
    writeFileSync(join(folder, 'token'), 'eyJ.federated.token\n')
    try {
      const login = { AZURE_TENANT_ID: fake.tenant, AZURE_CLIENT_ID: 'app-1' }
      await roundTrip(context({ ...login, AZURE_FEDERATED_TOKEN_FILE: join(folder, 'token') }))
      const arm = { ARM_TENANT_ID: fake.tenant, ARM_CLIENT_ID: 'app-1', ARM_OIDC_TOKEN: 'eyJ.federated.token' }
      await roundTrip(context(arm))
      const missing = { ...login, AZURE_FEDERATED_TOKEN_FILE: join(folder, 'none') }
      const error = await errorOf(() => roundTrip(context(missing)))
      expect(error.message).to.contain(`ENOENT: cannot read the federated token ${join(folder, 'none')}`)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('is used by the managed identity of the machine, or of the service it runs in', async () => {
    fake.managed = { allowed }
    await roundTrip(context({}))
    const endpoint = `${fake.url}/169.254.169.254/metadata/identity/oauth2/token`
    const error = await errorOf(() =>
      roundTrip(context({ IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: 'header-secret' }, {})),
    )
    // The fake knows the other protocol only; what counts is where the request went, and with which
    // header.
    expect(error.message).to.contain('no managed identity')
    expect(fake.requests.at(-1)!.headers['x-identity-header']).to.equal('header-secret')
  })

  it('is used with a token that was obtained elsewhere', async () => {
    fake.managed = { allowed }
    await roundTrip(context({}))
    const [token] = fake.issuedTokens
    fake.managed = undefined
    await roundTrip(context({ ESC_AZURE_ACCESS_TOKEN: `${token}\n` }))
  })

  it('costs one token for all environments of a process, until it expires', async () => {
    fake.apps.set('app-1', { secret: 's-e-c-r-e-t', allowed })
    let now = Date.parse('2026-11-20T10:00:00Z')
    const login = { AZURE_TENANT_ID: fake.tenant, AZURE_CLIENT_ID: 'app-1', AZURE_CLIENT_SECRET: 's-e-c-r-e-t' }
    const { network, ...rest } = context(login)
    const keys = { ...rest, network: { ...network, now: () => new Date(now) } }
    const wrapAll = () =>
      Promise.all(owners.map(async (owner) => (await openSecretsProvider(url, keys, owner)).wrapKey(dataKey)))
    await wrapAll()
    now += 3_000_000
    await wrapAll()
    expect(tokenRequests()).to.have.length(1)
    now += 600_000
    await wrapAll()
    expect(tokenRequests()).to.have.length(2)
  })

  it('asks anew for a token that was refused', async () => {
    const login = { AZURE_TENANT_ID: fake.tenant, AZURE_CLIENT_ID: 'app-1', AZURE_CLIENT_SECRET: 's-e-c-r-e-t' }
    const keys = context(login)
    await errorOf(() => roundTrip(keys))
    fake.apps.set('app-1', { secret: 's-e-c-r-e-t', allowed })
    await roundTrip(keys)
  })

  it('sends no token for one cloud to another', async () => {
    fake.managed = { allowed }
    const china = 'azurekeyvault://team.vault.azure.cn/keys/app'
    const routes = { ...fake.routes, 'https://team.vault.azure.cn': `${fake.url}/team.vault.azure.net` }
    await errorOf(() => roundTrip(context({}, routes), china))
    const asked = new URL(fake.requests[0]!.path, 'http://fake').searchParams.get('resource')
    expect(asked).to.equal('https://vault.azure.cn')
  })

  it('may be pinned to a version, and remembers which one wrapped', async () => {
    fake.managed = { allowed }
    const [first] = fake.keys.get('app')!
    const pinned = `${url}/${first!.version}`
    fake.addVersion('app')
    expect(await roundTrip(context({}), pinned)).to.contain(`v1:azurekeyvault:${first!.version}:RSA-OAEP-256:`)
    const newest = await roundTrip(context({}))
    expect(newest).to.contain(`:${fake.keys.get('app')![1]!.version}:`)
    const provider = await openSecretsProvider(pinned, context({}), owners[0]!)
    expect(Buffer.from(await provider.unwrapKey(newest)).equals(dataKey)).to.equal(true)
  })

  it('may use another algorithm, which is remembered too', async () => {
    fake.managed = { allowed }
    const wrapped = await roundTrip(context({}), `${url}?algorithm=RSA-OAEP`)
    expect(wrapped).to.match(/^v1:azurekeyvault:\w+:RSA-OAEP:/)
    const provider = await openSecretsProvider(url, context({}), owners[0]!)
    expect(Buffer.from(await provider.unwrapKey(wrapped)).equals(dataKey)).to.equal(true)
  })
})
