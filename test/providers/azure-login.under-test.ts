import { azureLogin } from '../../src/providers/azure-login.ts'
import { secret } from '../../src/secret.ts'
import { identityTokenEnds, identityTokenFor, type ProviderUnderTest } from './provider-under-test.ts'

const identity = { clientId: 'c', tenantId: 't', subscriptionId: 's' }

export const underTest: ProviderUnderTest = {
  make: () => azureLogin,
  inputs: () => ({ ...identity, oidc: true }),
  opens: { ...identity, oidc: { token: secret(identityTokenFor('azure')) } },
  lasts: identityTokenEnds,
  refused: [
    [{ clientId: 'c', oidc: true }, /tenantId/],
    [identity, /exactly one of/],
    [{ ...identity, oidc: true, clientSecret: secret('client-secret') }, /exactly one of/],
  ],
}
