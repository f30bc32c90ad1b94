import { underTest as onePasswordSecrets } from './1password-secrets.under-test.ts'
import { underTest as awsLogin } from './aws-login.under-test.ts'
import { underTest as awsParameterStore } from './aws-parameter-store.under-test.ts'
import { underTest as awsSecrets } from './aws-secrets.under-test.ts'
import { underTest as azureLogin } from './azure-login.under-test.ts'
import { underTest as azureSecrets } from './azure-secrets.under-test.ts'
import { underTest as bitwardenSecrets } from './bitwarden-secrets.under-test.ts'
import { underTest as command } from './command.under-test.ts'
import { underTest as dopplerLogin } from './doppler-login.under-test.ts'
import { underTest as dopplerSecrets } from './doppler-secrets.under-test.ts'
import { underTest as env } from './env.under-test.ts'
import { underTest as external } from './external.under-test.ts'
import { underTest as file } from './file.under-test.ts'
import { underTest as gcpLogin } from './gcp-login.under-test.ts'
import { underTest as gcpSecrets } from './gcp-secrets.under-test.ts'
import { underTest as ghLogin } from './gh-login.under-test.ts'
import { underTest as infisicalLogin } from './infisical-login.under-test.ts'
import { underTest as infisicalSecrets } from './infisical-secrets.under-test.ts'
import { underTest as kubernetesSecrets } from './kubernetes-secrets.under-test.ts'
import { underTest as oidc } from './oidc.under-test.ts'
import type { ProviderUnderTest } from './provider-under-test.ts'
import { underTest as pulumiStacks } from './pulumi-stacks.under-test.ts'
import { underTest as snowflakeLogin } from './snowflake-login.under-test.ts'
import { underTest as sops } from './sops.under-test.ts'
import { underTest as terraformState } from './terraform-state.under-test.ts'
import { underTest as test } from './test.under-test.ts'
import { underTest as vaultLogin } from './vault-login.under-test.ts'
import { underTest as vaultSecrets } from './vault-secrets.under-test.ts'

/** Every provider. A further one is its own file and one line here. */
export const providersUnderTest: Readonly<Record<string, ProviderUnderTest>> = {
  '1password-secrets': onePasswordSecrets,
  'aws-login': awsLogin,
  'aws-parameter-store': awsParameterStore,
  'aws-secrets': awsSecrets,
  'azure-login': azureLogin,
  'azure-secrets': azureSecrets,
  'bitwarden-secrets': bitwardenSecrets,
  command,
  'doppler-login': dopplerLogin,
  'doppler-secrets': dopplerSecrets,
  env,
  external,
  file,
  'gcp-login': gcpLogin,
  'gcp-secrets': gcpSecrets,
  'gh-login': ghLogin,
  'infisical-login': infisicalLogin,
  'infisical-secrets': infisicalSecrets,
  'kubernetes-secrets': kubernetesSecrets,
  oidc,
  'pulumi-stacks': pulumiStacks,
  'snowflake-login': snowflakeLogin,
  sops,
  'terraform-state': terraformState,
  test,
  'vault-login': vaultLogin,
  'vault-secrets': vaultSecrets,
}
