import { secret } from '../../../src/secret.ts'
import { compare, type IamKey } from '../../crash-matrix/problems.ts'
import { credentialsIn, type Opened, type Subject } from '../../crash-matrix/subject.ts'
import { FakeIam } from '../../fakes/iam.ts'
import { iamLogIn } from '../../fakes/iam-log-in.ts'
import { rotations, shown, without } from '../bad.ts'
import type { RotatorUnderTest } from '../rotator-under-test.ts'
import { loginOf, managerRights, startAwsAccount, stateOf } from './aws-account.ts'

export const underTest: RotatorUnderTest = {
  vendor: 'fake IAM',
  start: startIam,
  badInputs: rotations({
    async start() {
      const account = await startAwsAccount()
      return { ...account, held: async () => account.user.keys.map(({ accessKeyId, status }) => [accessKeyId, status]) }
    },
    bad: {
      'no user': without('userArn'),
      'no login': without('login'),
      'half a login': without('login.secretAccessKey'),
      ...Object.fromEntries(
        [
          'arn:aws:iam::123456789012:role/app',
          'arn:aws:iam::123456789012:root',
          'arn:aws:iam::12345:user/app',
          'app',
          `arn:aws:iam::123456789012:user/${'x'.repeat(65)}`,
          'arn:aws:iam::123456789012:user/a b',
        ].map((arn) => [
          `the ARN ${arn.slice(0, 40)}`,
          { set: { userArn: arn }, says: ['`userArn`', arn], remedy: /arn:aws:iam::123456789012:user\/name/ },
        ]),
      ),
      'a user nobody knows': {
        set: { userArn: 'arn:aws:iam::123456789012:user/nobody' },
        says: ['nobody', 'NoSuchEntity'],
        remedy: /userArn/,
      },
      'a region of another partition': shown('region', 'cn-north-1', /leave `region` out/),
      'a login of another account': ({ iam }) => {
        const stranger = iam.addUser('arn:aws:iam::999999999999:user/team/app', ['*'])
        return {
          set: { login: loginOf(iam.addKey(stranger)) },
          says: ['`login`', '999999999999', '`userArn`'],
          remedy: /123456789012/,
        }
      },
      'a login that is gone': ({ managerKey }) => ({
        remote: () => {
          managerKey.status = 'Inactive'
        },
        says: ['InvalidClientTokenId', managerKey.accessKeyId],
        remedy: /login/,
      }),
      'a wrong secret': ({ managerKey }) => ({
        set: { 'login.secretAccessKey': secret('canary-wrong') },
        says: ['SignatureDoesNotMatch', managerKey.accessKeyId],
        remedy: /login/,
      }),
      'a login without the right': ({ manager }) => ({
        remote: () => {
          manager.allowed = []
        },
        says: ['AccessDenied'],
        remedy: /iam:ListAccessKeys/,
      }),
      'two keys of others': ({ iam, user }) => ({
        remote: () => [iam.addKey(user), iam.addKey(user)],
        says: [user.userName, /two|2/],
        remedy: /delete|state/,
      }),
      'one key of ours and one of others': ({ iam, user }) => {
        const [current, other] = [iam.addKey(user), iam.addKey(user)]
        return { state: stateOf(current), says: [other.accessKeyId], remedy: /delete|state/ }
      },
      'a login by the key that goes': ({ iam, user }) => {
        user.allowed = managerRights
        const [previous, current] = [iam.addKey(user), iam.addKey(user)]
        return {
          set: { login: loginOf(previous) },
          state: stateOf(current, previous),
          says: ['`login`', previous.accessKeyId],
          remedy: /another user/,
        }
      },
    },
  }),
}

/** An IAM user whose keys are rotated; two are all it may have. */
export async function startIam() {
  const iam = await new FakeIam({ unknownFor: 1 }).start()
  const manager = iam.addUser('arn:aws:iam::123456789012:user/manager', managerRights)
  const { accessKeyId, secretAccessKey } = iam.addKey(manager)
  const user = iam.addUser('arn:aws:iam::123456789012:user/app')
  return {
    iam,
    inputs: { login: { accessKeyId, secretAccessKey: secret(secretAccessKey) }, userArn: user.arn },
    env: { AWS_ENDPOINT_URL_IAM: iam.url, AWS_ENDPOINT_URL_STS: iam.url },
    async problems(value: Opened<IamKey> | undefined) {
      const nameOf = (key: IamKey) => `${key.accessKeyId} ${key.secretAccessKey}`
      const ours = credentialsIn(value).map(nameOf)
      return compare({ held: user.keys.map(nameOf), ours, foreign: [] })
    },
    logIn: (key: IamKey) => iamLogIn(iam, key),
    stop: () => iam.stop(),
  } satisfies Subject & { iam: FakeIam }
}
