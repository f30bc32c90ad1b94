import { secret } from '../../../src/secret.ts'
import { issued } from '../../crash-matrix/problems.ts'
import { issuedGood, rotations, shown, without } from '../bad.ts'
import type { RotatorUnderTest } from '../rotator-under-test.ts'
import { openAiVendor } from './known-api-vendors.ts'

export const underTest: RotatorUnderTest = {
  vendor: 'fake OpenAI',
  start: async () => issued(await openAiVendor('admin'), (each) => ({ ...each, apiKey: secret(each.apiKey) })),
  badInputs: rotations({
    start: async () => issuedGood(await openAiVendor('admin')),
    bad: {
      'no login': without('login.adminKey'),
      'no organization': without('organization'),
      'an organization that is none': shown('organization', 'acme', /begins with org-/),
      'another organization': {
        set: { organization: 'org-of-somebody-else' },
        says: ['mismatched_organization'],
        remedy: /another organization/,
      },
      'a wrong key': {
        set: { 'login.adminKey': secret('sk-admin-canary') },
        says: ['invalid_api_key'],
        remedy: /`login.adminKey`/,
      },
      'a login by the key that goes': ({ vendor }) => {
        const [previous, current] = [vendor.add(), vendor.add()]
        return {
          set: { 'login.adminKey': previous.apiKey },
          state: { current, previous },
          says: ['`login`', previous.id],
          remedy: /use the current/,
        }
      },
    },
  }),
}
