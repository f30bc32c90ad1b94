import { secret } from '../../../src/secret.ts'
import { issued } from '../../crash-matrix/problems.ts'
import { issuedGood, rotations, shown, without } from '../bad.ts'
import type { RotatorUnderTest } from '../rotator-under-test.ts'
import { sendGridVendor } from './known-api-vendors.ts'

export const underTest: RotatorUnderTest = {
  vendor: 'fake SendGrid',
  start: async () => issued(await sendGridVendor(), (each) => ({ ...each, apiKey: secret(each.apiKey) })),
  badInputs: rotations({
    start: async () => issuedGood(await sendGridVendor()),
    bad: {
      'no login': without('login.apiKey'),
      'no scopes': without('scopes'),
      'scopes of nothing': { set: { scopes: [] }, says: ['`scopes` is empty'], remedy: /mail\.send/ },
      'a scope that is none': {
        set: { scopes: ['mail send'] },
        says: ['`scopes` holds "mail send"'],
        remedy: /mail\.send/,
      },
      'a key that is none': {
        set: { 'login.apiKey': secret('canary-key') },
        says: ['`login.apiKey` is not a key of SendGrid'],
        remedy: /SG\./,
      },
      'a wrong key': {
        set: { 'login.apiKey': secret('SG.canary.wrong') },
        says: ['authorization required'],
        remedy: /`login.apiKey`/,
      },
      'a key that may only send': ({ vendor }) => ({
        set: { 'login.apiKey': secret(vendor.fake.sendingKey) },
        says: ['access forbidden'],
        remedy: /api_keys\.read/,
      }),
      'a subuser nobody knows': { set: { onBehalfOf: 'nobody' }, says: ['access forbidden'] },
      'a subuser that is none': shown('onBehalfOf', 'a b', /user name/),
      'a region that is none': { set: { region: 'us' }, says: ['expected one of', 'eu'] },
    },
  }),
}
