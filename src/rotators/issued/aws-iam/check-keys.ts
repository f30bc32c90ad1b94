import { EscError } from '../../../errors.ts'
import { checkLogin, inconclusive, type LoginOutcome } from '../../log-in.ts'
import type { CredentialCheck, RotationRequest, RotatorContext } from '../../rotator.ts'
import { connectIam, isAwsError } from './remote.ts'
import type { AccessKey, AwsIamInputs, AwsIamState } from './types.ts'
import { parseUserArn, regionFor } from './user-arn.ts'

/** Asks STS who each key of the state is, and IAM which other keys the user has. */
export async function checkKeys(
  { inputs, state }: RotationRequest<AwsIamInputs, AwsIamState>,
  context: RotatorContext,
): Promise<readonly CredentialCheck[]> {
  const user = parseUserArn(inputs.userArn)
  const region = regionFor(user, inputs.region)
  const what = (id: string) => `access key ${id} of user ${user.userName}`

  async function logIn({ accessKeyId, secretAccessKey }: AccessKey): Promise<LoginOutcome> {
    const remote = await connectIam({ accessKeyId, secretAccessKey }, region)
    try {
      const { arn } = await remote.getCallerIdentity()
      return arn === inputs.userArn ? { kind: 'works' } : inconclusive(`it logs in as ${arn}, not as \`userArn\``)
    } catch (error) {
      if (isAwsError(error, 'InvalidClientTokenId', 'InvalidAccessKeyId', 'SignatureDoesNotMatch')) {
        return { kind: 'wrong' }
      }
      throw error
    } finally {
      remote.close()
    }
  }

  const known = (['current', 'previous'] as const).flatMap((credential) => {
    const key = state?.[credential]
    if (key === undefined) return []
    const wrong = 'refused at log-in: deleted, inactive, or not the secret of this key'
    return [checkLogin({ credential, what: what(key.accessKeyId), wrong, logIn: () => logIn(key) })]
  })
  return [...(await Promise.all(known)), ...(await foreignKeys())]

  async function foreignKeys(): Promise<CredentialCheck[]> {
    const remote = await connectIam(inputs.login, region)
    try {
      const { keys } = await remote.listAccessKeys(user.userName)
      const ours = [state?.current.accessKeyId, state?.previous?.accessKeyId]
      return keys
        .filter(({ accessKeyId }) => !ours.includes(accessKeyId))
        .map(({ accessKeyId, active }) => ({
          credential: 'foreign',
          what: what(accessKeyId),
          works: undefined,
          detail: active ? 'not managed here' : 'not managed here, inactive',
        }))
    } catch (error) {
      if (!(error instanceof EscError)) throw error
      context.warn(`whether user ${user.userName} has other keys is not known: ${error.message}`)
      return []
    } finally {
      remote.close()
    }
  }
}
