import { awsSecretsProvider } from '../../src/providers/aws-secrets.ts'
import { secret } from '../../src/secret.ts'
import { awsFault, awsLogin, awsRegion, awsService } from './aws-fake.ts'
import type { ProviderUnderTest } from './provider-under-test.ts'

const kept: Readonly<Record<string, string>> = {
  'prod/db AWSCURRENT': 'password-of-db',
  'prod/db AWSPREVIOUS': 'password-before',
  'prod/db v-1': 'password-of-version-1',
}

export const underTest: ProviderUnderTest = {
  make: awsSecretsProvider,
  inputs: () => ({
    region: awsRegion,
    login: awsLogin,
    get: {
      db: { secretId: 'prod/db' },
      before: { secretId: 'prod/db', versionStage: 'AWSPREVIOUS' },
      first: { secretId: 'prod/db', versionId: 'v-1' },
    },
  }),
  opens: { db: secret('password-of-db'), before: secret('password-before'), first: secret('password-of-version-1') },
  refused: [
    [{ region: awsRegion, login: awsLogin, get: {} }, /get/],
    [{ region: 'evil.example/', login: awsLogin, get: { x: { secretId: 'x' } } }, /region/],
    [{ region: awsRegion, login: awsLogin, get: { x: { secretID: 'x' } } }, /missing required properties: secretId/],
  ],
  vendor: {
    entries: 3,
    answer: awsService('secretsmanager', 'secretsmanager.GetSecretValue', (body) => {
      const { SecretId, VersionId, VersionStage = 'AWSCURRENT' } = body as Record<string, string>
      const text = kept[`${SecretId} ${VersionId ?? VersionStage}`]
      if (text === undefined)
        return awsFault({ status: 400, code: 'ResourceNotFoundException', text: 'Secrets Manager can’t find it.' })
      return { status: 200, body: { Name: SecretId, SecretString: text } }
    }),
    fault: awsFault,
    denied: { status: 400, code: 'AccessDeniedException', text: 'not authorized', hint: /GetSecretValue/ },
    expired: { status: 400, code: 'ExpiredTokenException', text: 'expired', hint: /log in anew/ },
    missing: {
      inputs: () => ({
        region: awsRegion,
        login: awsLogin,
        get: { fine: { secretId: 'prod/db' }, gone: { secretId: 'prod/bd' } },
      }),
      says: /^aws-secrets: `get\.gone`: GetSecretValue of prod\/bd in eu-west-1 failed: ResourceNotFoundException/,
    },
  },
}
