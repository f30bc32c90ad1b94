import { secret } from '../../../src/secret.ts'
import { issued } from '../../crash-matrix/problems.ts'
import { issuedGood, rotations, shown, without } from '../bad.ts'
import type { RotatorUnderTest } from '../rotator-under-test.ts'
import { openAiVendor } from './known-api-vendors.ts'

export const underTest: RotatorUnderTest = {
  vendor: 'fake OpenAI',
  start: async () => issued(await openAiVendor('project'), (each) => ({ ...each, apiKey: secret(each.apiKey) })),
  badInputs: rotations({
    start: async () => issuedGood(await openAiVendor('project')),
    bad: {
      'no login': without('login.adminKey'),
      'no project': without('project'),
      'a project that is none': shown('project', 'proj_a/../b', /begins with proj_/),
      'a project nobody knows': { set: { project: 'proj_nobody' }, says: ['listing failed'], remedy: /`project`/ },
      'a key that is none': {
        set: { 'login.adminKey': secret('canary key') },
        says: ['`login.adminKey` is not a key of OpenAI'],
        remedy: /sk-admin-/,
      },
      'a wrong key': {
        set: { 'login.adminKey': secret('sk-admin-canary') },
        says: ['invalid_api_key'],
        remedy: /`login.adminKey`/,
      },
      'a key of a project': ({ vendor }) => {
        const { apiKey } = vendor.add()
        return { set: { 'login.adminKey': apiKey }, says: ['insufficient permissions'], remedy: /admin keys/ }
      },
      'no life at all': { set: { lifetimeInDays: 0 }, says: ['`lifetimeInDays` is 0'], remedy: /1 to 365/ },
      'half a day': { set: { lifetimeInDays: 0.5 }, says: ['`lifetimeInDays` is 0.5'], remedy: /whole number/ },
      'a misspelt input': { set: { projekt: 'x' }, says: ['unknown property "projekt"', 'project'] },
    },
  }),
}
