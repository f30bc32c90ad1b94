import { secret } from '../../../src/secret.ts'
import { issued } from '../../crash-matrix/problems.ts'
import { issuedGood, rotations, shown, without } from '../bad.ts'
import type { RotatorUnderTest } from '../rotator-under-test.ts'
import { twilioVendor } from './issued-vendors.ts'

export const underTest: RotatorUnderTest = {
  vendor: 'fake Twilio',
  start: async () => issued(await twilioVendor(), (each) => ({ ...each, secret: secret(each.secret) })),
  badInputs: rotations({
    start: async () => issuedGood(await twilioVendor()),
    bad: {
      'no account': without('login.accountSid'),
      'an account that is none': shown('login.accountSid', 'AC12/Keys', /32 hex digits/),
      'no proof': { set: { 'login.authToken': undefined }, says: ['`login` must hold either'], remedy: /Main API key/ },
      'half a key': {
        set: { 'login.authToken': undefined, 'login.apiKeySid': `SK${'0'.repeat(32)}` },
        says: ['`login` must hold either'],
        remedy: /Main API key/,
      },
      'a key that is none': {
        set: { 'login.authToken': undefined, 'login.apiKeySid': 'SK1', 'login.apiKeySecret': secret('canary-key') },
        says: ['`login.apiKeySid` "SK1"'],
        remedy: /32 hex digits/,
      },
      'a long name': { set: { friendlyName: 'x'.repeat(65) }, says: ['`friendlyName`', '64'], remedy: /shorten/ },
      'a key of another kind': { set: { keyType: 'main' }, says: ['expected one of', 'restricted'] },
      'a policy without a use': {
        set: { policy: { allow: ['x'] } },
        says: ['`policy`'],
        remedy: /keyType: restricted/,
      },
      'a restricted key that may do anything': { set: { keyType: 'restricted' }, says: ['`policy`'], remedy: /allow/ },
      'a wrong token': { set: { 'login.authToken': secret('canary-wrong') }, says: ['20003'], remedy: /`login`/ },
      'a key that may not manage keys': ({ vendor }) => {
        const { sid, secret: text } = vendor.add()
        return {
          set: { 'login.authToken': undefined, 'login.apiKeySid': sid, 'login.apiKeySecret': text },
          says: ['20003'],
          remedy: /Main key/,
        }
      },
      'a login by the key that goes': ({ vendor }) => {
        const [previous, current] = [vendor.add(), vendor.add()]
        const main = vendor.fake.addKey({ kind: 'main' })
        return {
          set: { 'login.authToken': undefined, 'login.apiKeySid': main.sid, 'login.apiKeySecret': secret(main.secret) },
          state: { current, previous: { ...previous, sid: main.sid, secret: secret(main.secret) } },
          says: ['`login`', main.sid],
          remedy: /use the current/,
        }
      },
    },
  }),
}
