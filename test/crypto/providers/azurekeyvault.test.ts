import { FakeAzure } from '../../fakes/azure-key-vault.ts'
import { testSecretsProvider, unavailable } from '../contract.ts'
import type { Setup } from '../setup.ts'

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
