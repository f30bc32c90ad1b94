import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import type { FakeIam, FakeKey } from './iam.ts'

/**
 * Asks AWS who it is, as a program does that was given the key. `true`, or the code of the refusal.
 */
export async function iamLogIn(
  { url }: FakeIam,
  { accessKeyId, secretAccessKey }: Pick<FakeKey, 'accessKeyId' | 'secretAccessKey'>,
): Promise<true | string> {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  const credentials = { accessKeyId, secretAccessKey }
  const client = new STSClient({ endpoint: url, region: 'us-east-1', credentials, maxAttempts: 1 })
  try {
    await client.send(new GetCallerIdentityCommand({}))
    return true
  } catch (error) {
    return (error as Error).name
  } finally {
    client.destroy()
  }
}
