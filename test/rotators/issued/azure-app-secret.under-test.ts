import { secret } from '../../../src/secret.ts'
import { issued } from '../../crash-matrix/problems.ts'
import { issuedGood, rotations, shown, without } from '../bad.ts'
import type { RotatorUnderTest } from '../rotator-under-test.ts'
import { azureVendor } from './issued-vendors.ts'

export const underTest: RotatorUnderTest = {
  vendor: 'fake Microsoft Graph',
  start: async () => issued(await azureVendor(), (each) => ({ ...each, secretValue: secret(each.secretValue) })),
  badInputs: rotations({
    start: async () => issuedGood(await azureVendor()),
    bad: {
      'no application': without('clientId'),
      'an application by name': shown('clientId', 'app', /app registration/),
      'a tenant by domain': shown('login.tenantId', 'contoso.onmicrosoft.com', /app registration/),
      'a login by name': shown('login.clientId', 'ci', /app registration/),
      'no days': { set: { lifetimeInDays: 0 }, says: ['`lifetimeInDays` is 0'], remedy: /1 to 730/ },
      'too many days': { set: { lifetimeInDays: 731 }, says: ['`lifetimeInDays` is 731'], remedy: /1 to 730/ },
      'half a day': { set: { lifetimeInDays: 1.5 }, says: ['`lifetimeInDays` is 1.5'], remedy: /1 to 730/ },
      'no proof': { set: { 'login.clientSecret': undefined }, says: ['`login` has neither'], remedy: /give one/ },
      'two proofs': {
        set: { 'login.oidc': { token: secret('canary-token') } },
        says: ['`login` has both'],
        remedy: /give one/,
      },
      'a wrong secret': {
        set: { 'login.clientSecret': secret('canary-wrong') },
        says: ['AADSTS7000215'],
        remedy: /`login` is wrong/,
      },
      'an application nobody knows': {
        set: { clientId: '00000000-0000-0000-0000-000000000000' },
        says: ['Request_ResourceNotFound', '00000000-0000'],
        remedy: /check `clientId`/,
      },
      'a login without the right': ({ vendor }) => ({
        remote: () => {
          vendor.manager.roles = []
        },
        says: ['Authorization_RequestDenied'],
        remedy: /Application\.ReadWrite/,
      }),
      'a login by the secret that goes': ({ vendor }) => {
        vendor.application.roles = ['Application.ReadWrite.All']
        const [previous, current] = [vendor.add(), vendor.add()]
        return {
          set: { 'login.clientId': vendor.application.appId, 'login.clientSecret': previous.secretValue },
          state: { current, previous },
          says: ['`login`', previous.secretId],
          remedy: /use the current secret/,
        }
      },
    },
  }),
}
