import { EscError } from '../../../errors.ts'
import type { IssuerSession, Trial } from '../kit/index.ts'
import { connectIam, type IamRemote, isAwsError } from './remote.ts'
import type { AccessKey, AwsIamInputs } from './types.ts'
import { parseUserArn, regionFor, type UserArn } from './user-arn.ts'

/** The calls of one rotation of one user's keys. */
export class UserSession implements IssuerSession<AccessKey> {
  readonly #inputs: AwsIamInputs
  readonly #user: UserArn
  readonly #manager: IamRemote
  /** By access key id: talks to AWS as that key. */
  readonly #asKey = new Map<string, Promise<IamRemote>>()

  private constructor(inputs: AwsIamInputs, user: UserArn, manager: IamRemote) {
    this.#inputs = inputs
    this.#user = user
    this.#manager = manager
  }

  static async connect(inputs: AwsIamInputs): Promise<UserSession> {
    const user = parseUserArn(inputs.userArn)
    return new UserSession(inputs, user, await connectIam(inputs.login, regionFor(user, inputs.region)))
  }

  async requireSubject(): Promise<void> {
    const { login, userArn } = this.#inputs
    const { account, userName } = this.#user
    // User names repeat from account to account: a login of another one would rotate a
    // stranger of the same name.
    const identity = await this.#manager.getCallerIdentity()
    if (identity.account !== account) {
      throw new EscError(
        'invalid_input',
        `aws-iam: \`login\` ${login.accessKeyId} belongs to account ${identity.account}, but \`userArn\` ${userArn} does not`,
        { hint: `use a login of account ${account}` },
      )
    }
    const arn = await this.#manager.getUserArn(userName)
    if (arn === undefined || arn === userArn) return
    throw new EscError('invalid_input', `aws-iam: user ${userName} is ${arn}, not \`userArn\` ${userArn}`, {
      hint: `write userArn: ${arn}`,
    })
  }

  async list() {
    const { keys, at } = await this.#manager.listAccessKeys(this.#user.userName)
    const listed = keys.map(({ accessKeyId, createdAt, active }) => ({
      id: accessKeyId,
      createdAt,
      ...(!active && { problem: 'inactive' }),
    }))
    return { listed, at }
  }

  create(): Promise<AccessKey> {
    return this.#manager.createAccessKey(this.#user.userName)
  }

  remove(accessKeyId: string): Promise<'absent' | undefined> {
    return this.#manager.deleteAccessKey(this.#user.userName, accessKeyId)
  }

  async tryLogin({ accessKeyId, secretAccessKey }: AccessKey): Promise<Trial> {
    const region = regionFor(this.#user, this.#inputs.region)
    const remote = this.#asKey.get(accessKeyId) ?? connectIam({ accessKeyId, secretAccessKey }, region)
    this.#asKey.set(accessKeyId, remote)
    try {
      const { arn } = await (await remote).getCallerIdentity()
      const { userArn } = this.#inputs
      if (arn === userArn) return { kind: 'works' }
      const said = `logs in as ${arn}, not as \`userArn\` ${userArn}`
      return { kind: 'refused', code: said, said }
    } catch (error) {
      if (isAwsError(error, 'SignatureDoesNotMatch')) return { kind: 'refused', code: error.vendorCode }
      if (isAwsError(error, 'InvalidClientTokenId', 'InvalidAccessKeyId')) {
        return { kind: 'unknown yet', code: error.vendorCode }
      }
      throw error
    }
  }

  wasEverUsed(accessKeyId: string): Promise<boolean | undefined> {
    return this.#manager.wasEverUsed(accessKeyId)
  }

  close(): void {
    this.#manager.close()
    for (const remote of this.#asKey.values()) {
      remote.then(
        (each) => each.close(),
        () => {},
      )
    }
  }
}
