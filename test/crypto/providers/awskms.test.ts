import { FakeKms } from '../../fakes/aws-kms.ts'
import { testSecretsProvider, unavailable } from '../contract.ts'
import type { Setup } from '../setup.ts'

testSecretsProvider({
  kind: 'awskms',
  remote: true,
  start: async (folder) => {
    const fake = await new FakeKms().start()
    const key = fake.addKey('eu-west-1')
    const other = fake.addKey('eu-west-1')
    fake.aliases.set('eu-west-1/app', key)
    const both = ['kms:Encrypt', 'kms:Decrypt']
    const session = 'FwoGZXIvYXdzEBYaDE0123456789sessiontoken'
    const setup = (allowed: readonly string[], more: Record<string, string> = {}): Setup => {
      const { accessKeyId, secretAccessKey } = fake.addLogin(allowed, session)
      const login = {
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_SESSION_TOKEN: session,
      }
      return {
        env: { ...login, AWS_ENDPOINT_URL_KMS: fake.url, AWS_REGION: 'eu-west-1', ...more },
        configFolder: folder,
      }
    }
    const url = 'awskms://alias/app?context_team=platform'
    return {
      url,
      setup: setup(both),
      other: {
        url: `awskms://${other.id}?context_team=platform`,
        setup: setup(both),
        message: /was wrapped with AWS KMS key arn:aws:kms:eu-west-1:.*, not with/,
      },
      secrets: () => fake.logins.flatMap(({ secretAccessKey }) => [secretAccessKey, session]),
      fake,
      rotate: () => {
        // Once by AWS, and once by hand, as for keys whose material AWS does not rotate.
        key.material.push(Buffer.alloc(32, key.material.length))
        fake.aliases.set('eu-west-1/app', other)
      },
      failures: {
        'no permission': {
          setup: setup(['kms:Encrypt']),
          ...unavailable,
          message: /AccessDeniedException: .*kms:Decrypt/,
        },
        'no such key': {
          url: 'awskms://alias/nothing',
          action: 'wrap',
          ...unavailable,
          message: /with AWS KMS key alias\/nothing: NotFoundException/,
        },
        'a disabled key': {
          cause: () => {
            key.state = 'Disabled'
          },
          ...unavailable,
          message: /DisabledException: .* is disabled/,
        },
        'a key to be deleted': {
          cause: () => {
            key.state = 'PendingDeletion'
          },
          ...unavailable,
          message: /KMSInvalidStateException/,
        },
        'an unknown access key': {
          setup: setup(both, { AWS_ACCESS_KEY_ID: 'AKIAUNKNOWN' }),
          ...unavailable,
          message: /UnrecognizedClientException/,
        },
        'a wrong secret key': {
          setup: setup(both, { AWS_SECRET_ACCESS_KEY: 'c2VjcmV0LWtleS1vZi1zb21lYm9keS1lbHNl' }),
          ...unavailable,
          message: /: InvalidSignatureException$/,
        },
        'another region': { url: `${url}&region=us-east-1`, ...unavailable, message: /NotFoundException/ },
        'another encryption context': {
          url: 'awskms://alias/app?context_team=sales',
          code: 'tampered',
          message: /InvalidCiphertextException/,
        },
      },
    }
  },
})
