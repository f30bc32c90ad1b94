import { EscError } from '../../../errors.ts'
import { quoted } from '../../../http/index.ts'
import type { SchemaObject } from '../../../schema/index.ts'
import type { Secret } from '../../../secret.ts'
import { VendorError } from '../../vendor-error.ts'
import { type AwsLambdaConnector, awsLambdaSchema, connectLambda } from './connector-aws-lambda.ts'
import { connectHttps, type HttpsConnector, httpsSchema } from './connector-https.ts'
import type { ConnectorLink, ConnectorUse } from './connector-link.ts'

/**
 * A way into a private network: somebody there sets the password for us. Exactly one of the two.
 */
export type Connector = { readonly awsLambda?: AwsLambdaConnector; readonly https?: HttpsConnector }

export const connectorSchema: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  description: 'A way into a private network. Absent: connect directly.',
  properties: { awsLambda: awsLambdaSchema, https: httpsSchema },
}

/** An order to a connector; `connectorBody` gives its form on the wire. */
export interface ConnectorOrder {
  readonly type: 'postgres' | 'mysql'
  readonly host: string
  readonly port: number
  readonly database: string
  readonly managingUser: { readonly username: string; readonly password?: Secret<string> }
  readonly rotateUser: {
    readonly username: string
    /** So far, where it is known. */
    readonly password: Secret<string> | undefined
    readonly newPassword: Secret<string>
  }
}

export async function openConnector({ awsLambda, https }: Connector, use: ConnectorUse): Promise<ConnectorLink> {
  const { rotator } = use
  if (awsLambda !== undefined && https === undefined) return connectLambda(awsLambda, use)
  if (https !== undefined && awsLambda === undefined) return connectHttps(https, use)
  throw new EscError(
    'invalid_input',
    `${rotator}: \`database.connector\` names ${https === undefined ? 'no way' : 'two ways'} to reach the server`,
    { hint: 'write either `awsLambda` or `https` below `connector`, or remove `connector` to connect directly' },
  )
}

/** Has the password set. Setting the same one again does no harm. Throws `VendorError`. */
export async function sendOrder(link: ConnectorLink, order: ConnectorOrder): Promise<void> {
  const { managingUser, rotateUser } = order
  const body = JSON.stringify({
    type: order.type,
    host: order.host,
    port: order.port,
    database: order.database,
    managingUser: { username: managingUser.username, password: managingUser.password?.reveal() ?? '' },
    rotateUser: {
      username: rotateUser.username,
      password: rotateUser.password?.reveal() ?? '',
      newPassword: rotateUser.newPassword.reveal(),
    },
  })
  const hide = hiding([managingUser.password, rotateUser.password, rotateUser.newPassword])
  readAnswer(await link.send(body, hide), { order, label: link.label, hide })
}

interface AnswerContext {
  readonly order: ConnectorOrder
  readonly label: string
  readonly hide: (text: string) => string
}

/** `{"code":200,"message":"ok"}`, or another code and the reason. */
function readAnswer(text: string, { order, label, hide }: AnswerContext): void {
  let answer: { code?: unknown; message?: unknown } | undefined
  try {
    answer = JSON.parse(text) as typeof answer
  } catch {}
  if (typeof answer !== 'object' || answer === null || typeof answer.code !== 'number') {
    throw new VendorError(`${label} answered without a \`code\`, so it is not known what it did: ${hide(text)}`, {
      rotator: order.type,
      code: undefined,
      refused: false,
      hint: 'it must answer {"code":200,"message":"ok"}, or another code and a message',
    })
  }
  if (answer.code === 200) return
  const reason = typeof answer.message === 'string' ? answer.message : ''
  throw new VendorError(
    `${label} could not set the password of "${order.rotateUser.username}": ${answer.code}: ${hide(reason)}`,
    {
      rotator: order.type,
      code: String(answer.code),
      refused: answer.code >= 400 && answer.code < 500 && refusals.test(reason),
      hint: `look at its log; it reaches ${order.host}:${order.port} as "${order.managingUser.username}"`,
    },
  )
}

/**
 * Reasons that a server gives for having done nothing. Any other may have come after the change.
 */
const refusals =
  /permission denied|must be (owner|superuser|able)|does not exist|access denied|authentication failed|unknown event type|no password provided|ALTER USER failed|policy requirements/i

/** Quotes what was answered, without the secrets of the order. */
function hiding(secrets: readonly (Secret<string> | undefined)[]): (text: string) => string {
  const hidden = secrets.map((each) => each?.reveal() ?? '')
  return (text) => quoted(text, hidden)
}
