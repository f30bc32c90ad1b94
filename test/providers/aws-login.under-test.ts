import { awsLoginProvider } from '../../src/providers/aws-login.ts'
import { secret } from '../../src/secret.ts'
import { identityTokenFor, type ProviderUnderTest } from './provider-under-test.ts'

const oidc = { roleArn: 'arn:aws:iam::123456789012:role/deploy', sessionName: 'esc' }

export const underTest: ProviderUnderTest = {
  make: awsLoginProvider,
  inputs: () => ({ oidc: { ...oidc, duration: '1h' } }),
  opens: {
    accessKeyId: 'ASIATEMPORARY',
    secretAccessKey: secret('temporary-secret-key'),
    sessionToken: secret('temporary-session-token'),
  },
  lasts: '2026-03-04T07:06:07.000Z',
  refused: [
    [{ oidc: { ...oidc, roleArn: 'short' } }, /oidc.roleArn: .*length/],
    [{ oidc, static: { accessKeyId: 'AKIAX', secretAccessKey: secret('secret-key') } }, /unknown property|oidc|static/],
    [{ oidc: { ...oidc, duration: '' } }, /aws-login: `duration`/],
  ],
  vendor: {
    answer({ method, host, path, body }) {
      const form = new URLSearchParams(body)
      const wanted = {
        Action: 'AssumeRoleWithWebIdentity',
        Version: '2011-06-15',
        RoleArn: oidc.roleArn,
        RoleSessionName: oidc.sessionName,
        DurationSeconds: '3600',
      }
      const right = Object.entries(wanted).every(([name, value]) => form.get(name) === value)
      if (method !== 'POST' || host !== 'sts.us-east-1.amazonaws.com' || path !== '/' || !right)
        return fault({ status: 400, code: 'InvalidAction', text: body })
      if (form.get('WebIdentityToken') !== identityTokenFor('aws'))
        return fault({ status: 400, code: 'InvalidIdentityToken', text: 'not ours' })
      const credentials =
        '<AccessKeyId>ASIATEMPORARY</AccessKeyId><SecretAccessKey>temporary-secret-key</SecretAccessKey><SessionToken>temporary-session-token</SessionToken><Expiration>2026-03-04T07:06:07Z</Expiration>'
      return {
        status: 200,
        body: `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>${credentials}</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
      }
    },
    fault,
    denied: { status: 403, code: 'AccessDenied', text: 'Not authorized', hint: /trust policy/ },
    expired: { status: 400, code: 'ExpiredTokenException', text: 'Token expired', hint: /clock/ },
  },
}

function fault({ status, code, text }: { readonly status: number; readonly code: string; readonly text: string }) {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return {
    status,
    headers: { 'content-type': 'text/xml' },
    body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${escaped}</Message></Error></ErrorResponse>`,
  }
}
