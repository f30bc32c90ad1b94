import { EscError } from '../errors.ts'
import { unknownNameHint } from '../suggestion.ts'
import type { Provider } from './provider.ts'

export type { ClusterAccess, IdentityTokenRequest, MachineAccess, Provider, ProviderContext } from './provider.ts'

const loaders: Readonly<Record<string, () => Promise<unknown>>> = {
  '1password-secrets': async () => (await import('./1password-secrets.ts')).onePasswordSecrets,
  'aws-login': async () => (await import('./aws-login.ts')).awsLogin,
  'aws-parameter-store': async () => (await import('./aws-parameter-store.ts')).awsParameterStore,
  'aws-secrets': async () => (await import('./aws-secrets.ts')).awsSecrets,
  'azure-login': async () => (await import('./azure-login.ts')).azureLogin,
  'azure-secrets': async () => (await import('./azure-secrets.ts')).azureSecrets,
  'bitwarden-secrets': async () => (await import('./bitwarden-secrets.ts')).bitwardenSecrets,
  command: async () => (await import('./command.ts')).command,
  'doppler-login': async () => (await import('./doppler-login.ts')).dopplerLogin,
  'doppler-secrets': async () => (await import('./doppler-secrets.ts')).dopplerSecrets,
  env: async () => (await import('./env.ts')).env,
  external: async () => (await import('./external.ts')).readExternal,
  file: async () => (await import('./file.ts')).file,
  'gcp-login': async () => (await import('./gcp-login.ts')).gcpLogin,
  'gcp-secrets': async () => (await import('./gcp-secrets.ts')).gcpSecrets,
  'gh-login': async () => (await import('./gh-login.ts')).ghLogin,
  'infisical-login': async () => (await import('./infisical-login.ts')).infisicalLogin,
  'infisical-secrets': async () => (await import('./infisical-secrets.ts')).infisicalSecrets,
  'kubernetes-secrets': async () => (await import('./kubernetes-secrets.ts')).kubernetesSecrets,
  oidc: async () => (await import('./oidc.ts')).oidc,
  'pulumi-stacks': async () => (await import('./pulumi-stacks.ts')).pulumiStacks,
  'snowflake-login': async () => (await import('./snowflake-login.ts')).snowflakeLogin,
  sops: async () => (await import('./sops.ts')).sops,
  'terraform-state': async () => (await import('./terraform-state.ts')).terraformState,
  test: async () => (await import('./test.ts')).test,
  'vault-login': async () => (await import('./vault-login.ts')).vaultLogin,
  'vault-secrets': async () => (await import('./vault-secrets.ts')).vaultSecrets,
}

/** In alphabetical order. */
export const providerNames: readonly string[] = Object.keys(loaders)

/** Throws `not_found` for a name nobody knows. */
export async function loadProvider(name: string): Promise<Provider> {
  const load = Object.hasOwn(loaders, name) ? loaders[name] : undefined
  if (load === undefined) {
    throw new EscError('not_found', `unknown provider ${JSON.stringify(name)}`, {
      hint: unknownNameHint(name, providerNames),
    })
  }
  // The schemas promise the shapes that each provider's own type parameters spell out.
  return (await load()) as Provider
}
