import { snowflakeLogin } from '../../src/providers/snowflake-login.ts'
import { secret } from '../../src/secret.ts'
import { identityTokenEnds, identityTokenFor, type ProviderUnderTest } from './provider-under-test.ts'

const oidc = { account: 'org-shop', user: 'LOADER' }

const token = identityTokenFor('snowflake', { snowflake_user: 'LOADER', scp: 'session:role:READER' })

export const underTest: ProviderUnderTest = {
  make: () => snowflakeLogin,
  inputs: () => ({ oidc: { ...oidc, role: 'READER' } }),
  opens: { ...oidc, token: secret(token) },
  lasts: identityTokenEnds,
  refused: [
    [{ oidc: { account: 'org-shop' } }, /user/],
    [{ oidc: { ...oidc, password: secret('passw0rd-of-loader') } }, /password/],
  ],
}
