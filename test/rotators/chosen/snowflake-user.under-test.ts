import type { Plain } from '../../../src/plain.ts'
import { secret } from '../../../src/secret.ts'
import { compare, type SnowflakeKey } from '../../crash-matrix/problems.ts'
import { rotations, shown, without } from '../bad.ts'
import type { RotatorUnderTest } from '../rotator-under-test.ts'
import { somePrivateKey, startSnowflake } from './snowflake-account.ts'

export const underTest: RotatorUnderTest = {
  vendor: 'fake Snowflake',
  async start() {
    const { fake, inputs, slots, fingerprintOf, stop } = await startSnowflake({ unknownFor: 1 })
    let former: string | undefined
    let latest: string | undefined
    return {
      inputs: inputs as Plain,
      env: { ESC_TEST_ROUTES: JSON.stringify(fake.routes) },
      async problems(value: SnowflakeKey | undefined) {
        const held = slots().filter((each) => each !== undefined)
        const current = value && fingerprintOf(value.privateKey)
        // Readers see the current key only; the other slot holds the one before it.
        if (current !== latest) former = latest
        latest = current
        const kept = former !== undefined && held.includes(former) ? [former] : []
        return compare({ held, ours: current ? [current, ...kept] : [], foreign: [] })
      },
      logIn: async ({ privateKey }: SnowflakeKey) =>
        slots().includes(fingerprintOf(privateKey)) || 'JWT token is invalid',
      stop,
    }
  },
  badInputs: rotations({
    async start() {
      const { rotator: _, ...account } = await startSnowflake()
      return { ...account, routes: account.fake.routes, held: async () => account.slots() }
    },
    bad: {
      'no user': without('targetUser'),
      'a name with a quote': {
        set: { targetUser: `a" SET PASSWORD='x' --"b` },
        says: ['`targetUser`', 'SET PASSWORD'],
        remedy: /SHOW USERS/,
      },
      'an empty name': shown('targetUser', '', /SHOW USERS/),
      'a name that is too long': { set: { targetUser: 'x'.repeat(256) }, says: ['`targetUser`'], remedy: /SHOW USERS/ },
      'a URL for an account': {
        set: { 'login.account': 'https://myorg-a.snowflakecomputing.com' },
        says: ['`login.account` "https://myorg-a'],
        remedy: /without https/,
      },
      'no proof': { set: { 'login.privateKey': undefined }, says: ['`login` has neither'], remedy: /give one/ },
      'two proofs': { set: { 'login.token': secret('canary-token') }, says: ['`login` has both'], remedy: /give one/ },
      'a key that is none': {
        set: { 'login.privateKey': secret('-----BEGIN canary-----') },
        says: ['`login.privateKey`'],
        remedy: /PKCS #8/,
      },
      'a key nobody knows': () => ({
        set: { 'login.privateKey': secret(somePrivateKey()) },
        says: ['390144'],
        remedy: /./,
      }),
      'a user nobody knows': { set: { targetUser: 'nobody' }, says: ['NOBODY', '002003'], remedy: /targetUser/ },
      'a login without the right': ({ manager }) => ({
        remote: () => {
          manager.owns = []
        },
        says: ['003001'],
        remedy: /OWNERSHIP/,
      }),
      'a state of another account': ({ stateOf }) => ({
        state: { ...stateOf(somePrivateKey()), account: 'other' },
        says: ['`state` is of account other'],
        remedy: /remove the `state`/,
      }),
      'a state of another user': ({ stateOf }) => ({
        state: { ...stateOf(somePrivateKey()), user: 'OTHER' },
        says: ['`state` is of user OTHER', '`targetUser`'],
        remedy: /put `targetUser` back/,
      }),
      'a key of somebody else': ({ fake, target, stateOf }) => ({
        remote: () => {
          target.slot1 = fake.slotOf(somePrivateKey())
        },
        state: stateOf(somePrivateKey()),
        says: ['RSA_PUBLIC_KEY', 'APP_USER'],
        remedy: /./,
      }),
    },
  }),
}
