import { underTest as awsLogin } from './aws-login.under-test.ts'
import { underTest as awsParameterStore } from './aws-parameter-store.under-test.ts'
import { underTest as awsSecrets } from './aws-secrets.under-test.ts'
import { underTest as azureLogin } from './azure-login.under-test.ts'
import { underTest as gcpLogin } from './gcp-login.under-test.ts'
import { underTest as oidc } from './oidc.under-test.ts'
import type { ProviderUnderTest } from './provider-under-test.ts'
import { underTest as vaultLogin } from './vault-login.under-test.ts'
import { underTest as vaultSecrets } from './vault-secrets.under-test.ts'

/** Every provider. A further one is its own file and one line here. */
export const providersUnderTest: Readonly<Record<string, ProviderUnderTest>> = {
  'aws-login': awsLogin,
  'aws-parameter-store': awsParameterStore,
  'aws-secrets': awsSecrets,
  'azure-login': azureLogin,
  'gcp-login': gcpLogin,
  oidc,
  'vault-login': vaultLogin,
  'vault-secrets': vaultSecrets,
}
