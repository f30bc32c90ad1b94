import { awsParameterStoreProvider } from '../../src/providers/aws-parameter-store.ts'
import { secret } from '../../src/secret.ts'
import { awsFault, awsLogin, awsRegion, awsService } from './aws-fake.ts'
import type { ProviderUnderTest } from './provider-under-test.ts'

const kept: Readonly<Record<string, { readonly Type: string; readonly Value: string }>> = {
  '/app/url': { Type: 'String', Value: 'https://app.example.org' },
  '/app/zones:2': { Type: 'StringList', Value: 'zone-a,zone-b' },
  '/app/password': { Type: 'SecureString', Value: 'password-of-app' },
}

export const underTest: ProviderUnderTest = {
  make: awsParameterStoreProvider,
  inputs: () => ({
    region: awsRegion,
    login: awsLogin,
    get: {
      url: { name: '/app/url' },
      zones: { name: '/app/zones:2' },
      password: { name: '/app/password', decrypt: true },
    },
  }),
  opens: {
    url: secret('https://app.example.org'),
    zones: secret(['zone-a', 'zone-b']),
    password: secret('password-of-app'),
  },
  refused: [
    [{ region: awsRegion, login: awsLogin, get: {} }, /get/],
    [{ region: awsRegion, login: awsLogin, get: { x: { name: '/x', decrypt: 'yes' } } }, /decrypt/],
  ],
  vendor: {
    entries: 3,
    answer: awsService('ssm', 'AmazonSSM.GetParameter', ({ Name, WithDecryption }) => {
      const found = kept[String(Name)]
      if (found === undefined) return awsFault({ status: 400, code: 'ParameterNotFound', text: '' })
      const hidden = found.Type === 'SecureString' && WithDecryption !== true
      return { status: 200, body: { Parameter: { ...found, ...(hidden && { Value: 'AQICAHencrypted' }) } } }
    }),
    fault: awsFault,
    denied: { status: 400, code: 'AccessDeniedException', text: 'not authorized', hint: /ssm:GetParameter/ },
    expired: { status: 400, code: 'ExpiredTokenException', text: 'expired', hint: /log in anew/ },
    missing: {
      inputs: () => ({
        region: awsRegion,
        login: awsLogin,
        get: { fine: { name: '/app/url' }, gone: { name: 'app/url' } },
      }),
      says: /^aws-parameter-store: `get\.gone`: GetParameter of app\/url in eu-west-1 failed: ParameterNotFound/,
    },
  },
}
