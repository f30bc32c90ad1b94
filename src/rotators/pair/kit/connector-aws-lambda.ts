import { EscError } from '../../../errors.ts'
import type { SchemaObject } from '../../../schema/index.ts'
import type { Secret } from '../../../secret.ts'
import { isPassingFault, VendorError } from '../../vendor-error.ts'
import type { ConnectorLink, ConnectorUse } from './connector-link.ts'

export type AwsLambdaConnector = {
  readonly lambdaArn: string
  /** The output shape of the `aws-login` provider. */
  readonly login: {
    readonly accessKeyId: string
    readonly secretAccessKey: Secret<string>
    readonly sessionToken?: Secret<string>
  }
}

export const awsLambdaSchema: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  description: 'A Lambda function inside the network.',
  properties: {
    lambdaArn: { type: 'string' },
    login: {
      type: 'object',
      additionalProperties: false,
      properties: {
        accessKeyId: { type: 'string' },
        secretAccessKey: { type: 'string', secret: true },
        sessionToken: { type: 'string', secret: true },
      },
      required: ['accessKeyId', 'secretAccessKey'],
    },
  },
  required: ['lambdaArn', 'login'],
}

/** A function that has to start, connect and set one password. */
const requestTimeoutMs = 60_000

export async function connectLambda(connector: AwsLambdaConnector, { rotator }: ConnectorUse): Promise<ConnectorLink> {
  const { lambdaArn, login } = connector
  const [, region, name] =
    /^arn:aws[a-z-]*:lambda:([a-z0-9-]+):[0-9]{12}:function:([\w-]+)(:[\w$-]+)?$/.exec(lambdaArn) ?? []
  if (region === undefined) {
    throw new EscError(
      'invalid_input',
      `${rotator}: \`lambdaArn\` ${JSON.stringify(lambdaArn)} is not the ARN of a Lambda function`,
      { hint: 'it looks like arn:aws:lambda:us-west-2:123456789012:function:name' },
    )
  }
  const label = `Lambda function ${name}`
  // The SDK otherwise prints a notice about old Node releases on stderr whenever a client is made.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  const { InvokeCommand, LambdaClient } = await import('../../../vendor/aws-lambda.ts')
  const client = new LambdaClient({
    region,
    maxAttempts: 1,
    credentials: {
      accessKeyId: login.accessKeyId,
      secretAccessKey: login.secretAccessKey.reveal(),
      ...(login.sessionToken !== undefined && { sessionToken: login.sessionToken.reveal() }),
    },
    requestHandler: { connectionTimeout: 5_000, requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true },
  })

  async function invoke(type: 'DryRun' | 'RequestResponse', body?: string) {
    try {
      return await client.send(
        new InvokeCommand({
          FunctionName: lambdaArn,
          InvocationType: type,
          ...(body !== undefined && { Payload: Buffer.from(body) }),
        }),
      )
    } catch (error) {
      throw asVendorError(error, rotator, `invoking ${label} as ${login.accessKeyId} failed`)
    }
  }

  return {
    label,
    async probe() {
      await invoke('DryRun')
    },
    async send(body, hide) {
      const { FunctionError, Payload } = await invoke('RequestResponse', body)
      const text = Payload === undefined ? '' : Buffer.from(Payload).toString()
      // A function that failed is answered with HTTP 200 all the same.
      if (FunctionError !== undefined) {
        throw new VendorError(`${label} failed (${FunctionError}): ${hide(errorText(text))}`, {
          rotator,
          code: FunctionError,
          refused: false,
          hint: 'look at the log of the function',
        })
      }
      return text
    },
    close: () => client.destroy(),
  }
}

/** Lambda reports an exception as `{"errorType": …, "errorMessage": …}`. */
function errorText(payload: string): string {
  try {
    const { errorType, errorMessage } = JSON.parse(payload) as { errorType?: unknown; errorMessage?: unknown }
    const words = [errorType, errorMessage].filter((each) => typeof each === 'string')
    if (words.length > 0) return words.join(': ')
  } catch {}
  return payload
}

const hints: Readonly<Record<string, string>> = {
  AccessDenied: 'the login needs lambda:InvokeFunction on the function',
  ResourceNotFound: 'check the region, account and name in `lambdaArn`',
  UnrecognizedClient: 'the access key of `connector.awsLambda.login` is unknown or inactive at AWS',
  InvalidSignature: 'the secret access key of `connector.awsLambda.login` does not belong to its access key id',
  ExpiredToken: 'the session of `connector.awsLambda.login` has expired',
}

/** Only the code: messages about signatures quote the request. */
function asVendorError(error: unknown, rotator: string, what: string): VendorError {
  const fault = error as {
    name?: string
    code?: string
    $metadata?: { httpStatusCode?: number; requestId?: string }
  }
  const status = fault.$metadata?.httpStatusCode
  const code = ((status === undefined ? (fault.code ?? fault.name) : fault.name) ?? 'Error').replace(/Exception$/, '')
  return new VendorError(`${what}: ${code}`, {
    rotator,
    code,
    // Refused by Lambda itself, which gives request ids: the function was not run.
    refused: status !== undefined && status >= 400 && status < 500 && fault.$metadata?.requestId !== undefined,
    hint: status === undefined ? 'check the network, proxy and endpoint settings' : hints[code],
    transient: status === undefined ? isPassingFault(code) : status === 429 || status >= 500,
  })
}
