import { secret } from '../../../src/secret.ts'
import { issued } from '../../crash-matrix/problems.ts'
import { issuedGood, rotations, shown, without } from '../bad.ts'
import type { RotatorUnderTest } from '../rotator-under-test.ts'
import { gcpVendor } from './issued-vendors.ts'

export const underTest: RotatorUnderTest = {
  vendor: 'fake Google Cloud IAM',
  start: async () => issued(await gcpVendor(), (each) => ({ ...each, credentials: secret(each.credentials) })),
  badInputs: rotations({
    start: async () => issuedGood(await gcpVendor()),
    bad: {
      'no service account': without('serviceAccount'),
      'an email of somebody else': shown('serviceAccount', 'app@example.org', /app@my-project/),
      'no token': without('login.accessToken'),
      'a token that has expired': {
        set: { 'login.expiry': '2020-01-01T00:00:00Z' },
        says: ['`login` has expired', '2020-01-01'],
        remedy: /log in anew/,
      },
      'a token of another kind': shown('login.tokenType', 'MAC', /bearer/),
      'a token nobody knows': {
        set: { 'login.accessToken': secret('canary-wrong') },
        says: ['UNAUTHENTICATED'],
        remedy: /log in anew/,
      },
      'a login without the right': ({ vendor }) => ({
        remote: () => vendor.fake.tokens.set(vendor.token, []),
        says: ['PERMISSION_DENIED'],
        remedy: /serviceAccountKeyAdmin/,
      }),
      'a service account nobody knows': {
        set: { serviceAccount: 'no@my-proj.iam.gserviceaccount.com' },
        says: ['NOT_FOUND', 'no@my-proj'],
        remedy: /check `serviceAccount`/,
      },
      'ten keys of others': ({ vendor }) => ({
        remote: () => Array.from({ length: 10 }, () => vendor.add()),
        says: ['10 keys', vendor.account.email],
        remedy: /delete one/,
      }),
    },
  }),
}
