import { oidc } from '../../src/providers/oidc.ts'
import { secret } from '../../src/secret.ts'
import { identityTokenEnds, identityTokenFor, type ProviderUnderTest } from './provider-under-test.ts'

const inputs = { audience: 'https://api.example.org', identityToken: { version: 'v2' } }

export const underTest: ProviderUnderTest = {
  make: () => oidc as unknown as ReturnType<ProviderUnderTest['make']>,
  inputs: () => inputs,
  opens: secret(identityTokenFor('https://api.example.org')),
  lasts: identityTokenEnds,
  refused: [
    [{ ...inputs, duration: '59s' }, /duration must be between 1m0s and 1h0m0s/],
    [{ ...inputs, duration: '1h1s' }, /duration must be between 1m0s and 1h0m0s/],
    [{ ...inputs, audience: 'é'.repeat(300) }, /audience: .*length/],
    [{ ...inputs, identityToken: { version: 'v1' } }, /v2/],
    [{ ...inputs, subjectAttributes: [] }, /subjectAttributes/],
  ],
}
