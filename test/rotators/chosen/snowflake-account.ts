import { generateKeyPairSync } from 'node:crypto'
import {
  type SnowflakeInputs,
  type SnowflakeState,
  snowflakeTiming,
  snowflakeUserRotator,
} from '../../../src/rotators/chosen/snowflake-user/index.ts'
import { secret } from '../../../src/secret.ts'
import { reroute } from '../../fakes/http-fake.ts'
import { FakeSnowflake, type FakeSnowflakeOptions } from '../../fakes/snowflake.ts'

/**
 * A fake account with a manager, who logs in by key pair, and the user whose key pair is rotated.
 */
export async function startSnowflake(options: FakeSnowflakeOptions = {}) {
  const fake = await new FakeSnowflake(options).start()
  const target = fake.addUser('APP_USER')
  const manager = fake.addUser('MANAGER', ['APP_USER'])
  const managerKey = managersKey()
  manager.slot1 = fake.slotOf(managerKey)
  const inputs: SnowflakeInputs = {
    login: { account: fake.account, user: 'manager', privateKey: secret(managerKey) },
    targetUser: 'app_user',
  }
  return {
    fake,
    target,
    manager,
    managerKey,
    inputs,
    rotator: snowflakeUserRotator({
      fetch: reroute(fake.routes),
      timing: snowflakeTiming,
      newPrivateKey: async () => secret(rotatedKey()),
    }),
    slots: () => [target.slot1?.fingerprint, target.slot2?.fingerprint],
    fingerprintOf: (pem: string) => fake.slotOf(pem).fingerprint,
    stateOf: (pem: string, previous?: string): SnowflakeState => ({
      account: fake.account,
      user: 'APP_USER',
      privateKey: secret(pem),
      createdAt: '2020-01-01T00:00:00Z',
      ...(previous !== undefined && { previousFingerprint: fake.slotOf(previous).fingerprint }),
    }),
    stop: () => fake.stop(),
  }
}

export type SnowflakeAccount = Awaited<ReturnType<typeof startSnowflake>>

/**
 * One of a few: making them is slow. A rotation's and a manager's are never those that a test has
 * at hand.
 */
export const somePrivateKey = keyRing()
const rotatedKey = keyRing()
const managersKey = keyRing()

function keyRing(): () => string {
  const keys: string[] = []
  let next = 0
  return () => {
    if (keys.length < 4) {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 0x10001 })
      keys.push(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
    }
    return keys[next++ % keys.length]!
  }
}
