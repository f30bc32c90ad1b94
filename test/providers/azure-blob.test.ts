import { expect } from 'chai'
import type { EscError } from '../../src/errors.ts'
import type { MachineAccess, ProviderContext } from '../../src/providers/index.ts'
import { pulumiStacksProvider } from '../../src/providers/pulumi-stacks.ts'
import { terraformStateProvider } from '../../src/providers/terraform-state.ts'
import { secret } from '../../src/secret.ts'
import { Authority } from '../servers/authority.ts'
import { type AzuriteServer, azuritePackages, missingAzurite, startAzurite } from '../servers/azurite.ts'
import { skipWithout } from '../servers/binary.ts'

const state = {
  version: 4,
  terraform_version: '1.9.0',
  serial: 1,
  outputs: { url: { value: 'https://shop', type: 'string' } },
}
const resource = {
  type: 'pulumi:pulumi:Stack',
  urn: 'urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod',
  outputs: { url: 'https://shop' },
}
const checkpoint = { version: 3, checkpoint: { stack: 'organization/shop/prod', latest: { resources: [resource] } } }
/** A name of which each character has a meaning in signatures, URLs or both. */
const odd = "team a/ü!'(1)*+&=%41/~x.tfstate"

describe('states in Azure Blob Storage, as Azure’s own emulator keeps them', function () {
  this.timeout(60_000)
  let authority: Authority
  let azurite: AzuriteServer
  before(async function () {
    skipWithout(this, missingAzurite(), azuritePackages)
    const made = Authority.create()
    if (made === undefined) return skipWithout(this, ['openssl'], 'openssl')
    authority = made
    azurite = await startAzurite(authority)
    await azurite.put('states', odd, JSON.stringify(state))
    await azurite.put('states', 'infra/.pulumi/stacks/shop/prod.json', JSON.stringify(checkpoint))
  })
  after(async () => {
    await azurite?.stop()
    authority?.remove()
  })

  const context = (env: Record<string, string> = {}): ProviderContext => ({
    now: () => new Date(),
    signal: new AbortController().signal,
    sleep: async () => {},
    env,
    machine: async () => ({ allowStack: async () => {} }) as unknown as MachineAccess,
  })
  const says = async (work: Promise<unknown>) => {
    const error = await work.then(
      (value) => expect.fail(`it opened: ${JSON.stringify(value)}`),
      (caught: EscError) => caught,
    )
    return `${error.message} | ${error.hint}`
  }

  describe('of Pulumi', () => {
    const open = (env: Record<string, string>, query = 'localemu=true') => {
      const backend = `azblob://states/infra?storage_account=${azurite.account}&domain=127.0.0.1:${azurite.port}&${query}`
      const network = { fetch: azurite.fetch }
      return pulumiStacksProvider(network).open(
        { stacks: { shop: { stack: 'shop/prod' } } },
        context({ PULUMI_BACKEND_URL: backend, ...env }),
      )
    }

    it('are read with the key of the account, and with a shared access signature', async () => {
      const outputs = { shop: { url: 'https://shop' } }
      expect(await open({ AZURE_STORAGE_KEY: azurite.key })).to.deep.equal(outputs)
      expect(await open({ AZURE_STORAGE_SAS_TOKEN: azurite.sas({}) })).to.deep.equal(outputs)
      const elsewhere = {
        AZURE_STORAGE_KEY: azurite.key,
        AZURE_STORAGE_DOMAIN: '',
        PULUMI_BACKEND_URL: `azblob://states/infra?storage_account=${azurite.account}`,
      }
      expect(await open(elsewhere)).to.deep.equal(outputs)
    })

    it('are not read with another key or signature, and the message shows neither', async () => {
      const key = Buffer.from('another key').toString('base64')
      expect(await says(open({ AZURE_STORAGE_KEY: key })))
        .to.match(/failed: \w*Auth\w+: .*\| the access key, signature or login is wrong/)
        .and.not.include(key)
      expect(await says(open({ AZURE_STORAGE_KEY: 'not base64!' })))
        .to.match(/is not base64 \| /)
        .and.not.include('not base64!')
      const sas = azurite.sas({})
      const wrong = sas.replace(/sig=[^&]+/, 'sig=c2lnbmF0dXJlLW9mLW5vYm9keQ%3D%3D')
      expect(await says(open({ AZURE_STORAGE_SAS_TOKEN: wrong })))
        .to.match(/failed: Auth/)
        .and.not.include('c2lnbmF0dXJl')
      const expired = azurite.sas({ expires: new Date(Date.now() - 60_000) })
      expect(await says(open({ AZURE_STORAGE_SAS_TOKEN: expired }))).to.match(
        /failed: Auth.*\| .*(?:expired|signature)/,
      )
      const lists = azurite.sas({ permissions: 'l' })
      expect(await says(open({ AZURE_STORAGE_SAS_TOKEN: lists }))).to.match(
        /AuthorizationPermissionMismatch.*\| .*permission r/,
      )
    })
  })

  describe('of Terraform', () => {
    const open = (login: object, key = odd) => {
      const place = { storageAccountName: azurite.account, containerName: 'states', key }
      return terraformStateProvider({ fetch: azurite.fetch }).open(
        { backend: { azurerm: { ...place, ...login } } },
        context(),
      )
    }

    it('are read with the key of the account and a signature, whatever the name of the blob', async () => {
      for (const login of [{ accessKey: secret(azurite.key) }, { sasToken: secret(azurite.sas({})) }]) {
        expect(await open(login)).to.deep.equal({ outputs: { url: 'https://shop' } })
        expect(await says(open(login, 'gone.tfstate'))).to.match(/failed: BlobNotFound.* \| check the name of the blob/)
      }
    })

    it('are read with the token that a login gives', async () => {
      const claims = {
        aud: 'https://storage.azure.com',
        iss: 'https://sts.windows.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/',
        ...times(3600),
      }
      const asking = (token: string) => {
        const fetch: typeof globalThis.fetch = async (input, init) =>
          String(input).includes('login.microsoftonline.com')
            ? Response.json({ access_token: token })
            : azurite.fetch(input, init)
        const login = { clientId: 'c', tenantId: 't', clientSecret: secret('client-secret') }
        const azurerm = { storageAccountName: azurite.account, containerName: 'states', key: odd, login }
        return terraformStateProvider({ fetch }).open({ backend: { azurerm } }, context())
      }
      expect(await asking(unsigned(claims))).to.deep.equal({ outputs: { url: 'https://shop' } })
      const old = unsigned({ ...claims, ...times(-60) })
      expect(await says(asking(old)))
        .to.match(/failed: (?:AuthenticationFailed|InvalidAuthenticationInfo)/)
        .and.not.include(old)
    })
  })
})

function times(seconds: number) {
  const now = Math.floor(Date.now() / 1000)
  return { nbf: now - 120, iat: now - 120, exp: now + seconds }
}

/** The emulator looks at claims, not at signatures. */
function unsigned(claims: object): string {
  const parts = [{ alg: 'RS256', typ: 'JWT' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  )
  return `${parts.join('.')}.c2lnbmF0dXJl`
}
