import type { AwsIamInputs, AwsIamState } from '../../../src/rotators/issued/aws-iam/index.ts'
import { secret } from '../../../src/secret.ts'
import { FakeIam, type FakeIamOptions, type FakeKey, type FakeUser } from '../../fakes/iam.ts'

export const userArn = 'arn:aws:iam::123456789012:user/team/app'

/** A fake account with a manager and the user whose keys are rotated; the SDK is pointed at it. */
export interface AwsAccount {
  readonly iam: FakeIam
  readonly manager: FakeUser
  readonly managerKey: FakeKey
  readonly user: FakeUser
  readonly inputs: AwsIamInputs
  /** Ids of the user's keys, oldest first. */
  keyIds(): string[]
  stop(): Promise<void>
}

export const managerRights = [
  'iam:ListAccessKeys',
  'iam:CreateAccessKey',
  'iam:DeleteAccessKey',
  'iam:GetUser',
  'iam:GetAccessKeyLastUsed',
]

export async function startAwsAccount(options: FakeIamOptions = {}): Promise<AwsAccount> {
  const iam = await new FakeIam(options).start()
  const before = { iam: process.env.AWS_ENDPOINT_URL_IAM, sts: process.env.AWS_ENDPOINT_URL_STS }
  process.env.AWS_ENDPOINT_URL_IAM = iam.url
  process.env.AWS_ENDPOINT_URL_STS = iam.url
  const manager = iam.addUser('arn:aws:iam::123456789012:user/manager', managerRights)
  const managerKey = iam.addKey(manager)
  const user = iam.addUser(userArn)
  return {
    iam,
    manager,
    managerKey,
    user,
    inputs: { userArn, login: loginOf(managerKey) },
    keyIds: () => user.keys.map(({ accessKeyId }) => accessKeyId),
    async stop() {
      restore('AWS_ENDPOINT_URL_IAM', before.iam)
      restore('AWS_ENDPOINT_URL_STS', before.sts)
      await iam.stop()
    },
  }
}

export function loginOf({ accessKeyId, secretAccessKey, sessionToken }: FakeKey): AwsIamInputs['login'] {
  return {
    accessKeyId,
    secretAccessKey: secret(secretAccessKey),
    ...(sessionToken !== undefined && { sessionToken: secret(sessionToken) }),
  }
}

/** A state that names these keys of the fake. */
export function stateOf(current: FakeKey, previous?: FakeKey): AwsIamState {
  const one = ({ accessKeyId, secretAccessKey }: FakeKey) => ({
    accessKeyId,
    secretAccessKey: secret(secretAccessKey),
    createdAt: '2020-01-01T00:00:00Z',
  })
  return { current: one(current), ...(previous && { previous: one(previous) }) }
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}
