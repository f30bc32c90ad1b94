import { gcpLoginProvider } from '../../src/providers/gcp-login.ts'
import { secret } from '../../src/secret.ts'
import { bearer, type Fault, identityTokenFor, type ProviderUnderTest } from './provider-under-test.ts'

const oidc = { workloadPoolId: 'esc', providerId: 'store', serviceAccount: 'app@shop.iam.gserviceaccount.com' }
const federated = 'federated-token-of-google'

export const underTest: ProviderUnderTest = {
  make: gcpLoginProvider,
  inputs: () => ({ project: 42, oidc }),
  opens: {
    project: 42,
    accessToken: secret('access-token-of-app'),
    tokenType: 'Bearer',
    expiry: '2026-03-04T06:06:07Z',
  },
  lasts: '2026-03-04T06:06:07.000Z',
  refused: [
    [{ project: 'shop', oidc }, /project/],
    [{ project: 42, oidc: { ...oidc, tokenLifetime: '' } }, /gcp-login: `tokenLifetime`/],
    [{ project: 42, oidc: { ...oidc, serviceAccount: 'no mail' } }, /serviceAccount/],
  ],
  vendor: {
    answer(request) {
      const { host, path, json } = request
      if (host === 'sts.googleapis.com' && path === '/v1/token') {
        const { subjectToken, audience } = json as Record<string, string>
        const provider = '//iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/esc/providers/store'
        if (audience !== provider) return oauthFault(400, 'invalid_request', 'Invalid value for "audience"')
        if (subjectToken !== identityTokenFor('gcp')) return oauthFault(400, 'invalid_grant', 'not ours')
        return { status: 200, body: { access_token: federated, token_type: 'Bearer', expires_in: 3600 } }
      }
      if (host !== 'iamcredentials.googleapis.com') return fault({ status: 404, code: 'NOT_FOUND', text: host })
      if (path !== `/v1/projects/-/serviceAccounts/${oidc.serviceAccount}:generateAccessToken`)
        return fault({ status: 404, code: 'NOT_FOUND', text: path })
      if (bearer(request) !== federated) return fault({ status: 401, code: 'UNAUTHENTICATED', text: 'who is it?' })
      return { status: 200, body: { accessToken: 'access-token-of-app', expireTime: '2026-03-04T06:06:07Z' } }
    },
    fault,
    denied: { status: 403, code: 'PERMISSION_DENIED', text: 'may not', hint: /Service Account Token Creator/ },
    expired: { status: 401, code: 'UNAUTHENTICATED', text: 'expired', hint: /expired/ },
  },
}

function fault({ status, code, text }: Fault) {
  return { status, body: { error: { code: status, status: code, message: text } } }
}

function oauthFault(status: number, error: string, description: string) {
  return { status, body: { error, error_description: description } }
}
