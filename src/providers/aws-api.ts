import type { HttpAnswer, VendorFault } from '../http/index.ts'
import type { SchemaObject } from '../schema/index.ts'
import { awsEndpoint } from './aws-endpoint.ts'
import { type AwsLogin, signedHeaders } from './aws-signature.ts'
import type { ProviderContext } from './provider.ts'
import { callVendor, type ProviderNetwork, textIn } from './vendor-call.ts'

export const awsLoginSchema: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    accessKeyId: { type: 'string' },
    secretAccessKey: { type: 'string', secret: true },
    sessionToken: { type: 'string', secret: true },
  },
  required: ['accessKeyId', 'secretAccessKey'],
}

/** A part of the name of a host. */
export const awsRegionSchema: SchemaObject = { type: 'string', pattern: '^[a-z0-9-]+$' }

export interface AwsCall {
  readonly provider: string
  readonly doing: string
  readonly service: 'secretsmanager' | 'ssm'
  /** Such as `secretsmanager.GetSecretValue`. */
  readonly target: string
  readonly region: string
  readonly login: AwsLogin
  readonly body: object
  readonly hints: Readonly<Record<string, string>>
}

/** Calls a service of AWS that speaks JSON. */
export function callAws(
  { service, target, region, login, body, hints, ...call }: AwsCall,
  network: ProviderNetwork,
  context: ProviderContext,
): Promise<HttpAnswer> {
  const url = new URL(`${awsEndpoint(service, { region }, context.env ?? {}).url}/`)
  const text = JSON.stringify(body)
  const headers = signedHeaders({
    url,
    body: text,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
    region,
    service,
    login,
    now: context.now(),
  })
  const hidden = [login.secretAccessKey, ...(login.sessionToken ? [login.sessionToken] : [])].map((each) =>
    each.reveal(),
  )
  const request = {
    ...call,
    url: url.href,
    headers,
    body: text,
    hidden,
    readFault: awsFault,
    hints: { ...loginHints, ...hints },
  }
  return callVendor(request, network, context)
}

const loginHints: Readonly<Record<string, string>> = {
  ExpiredTokenException: 'log in anew: the credentials of `login` have expired',
  InvalidClientTokenId: 'check the credentials of `login`: AWS knows no such access key',
  UnrecognizedClientException: 'check the credentials of `login`: AWS knows no such access key',
  SignatureDoesNotMatch: 'check `secretAccessKey` of `login`, and the clock of this machine',
  InvalidSignatureException: 'check `secretAccessKey` of `login`, and the clock of this machine',
}

/**
 * An error of AWS: as JSON, where the code may have a namespace before it, or as XML, in which some
 * services that speak JSON refuse those who may not.
 */
export function awsFault({ json, text: xml }: Pick<HttpAnswer, 'json' | 'text'>): VendorFault | undefined {
  const code = textIn(json, '__type')?.replace(/^.*#/, '') ?? textOf(xml, 'Code')
  const text = textIn(json, 'message') ?? textIn(json, 'Message') ?? textOf(xml, 'Message')
  return code === undefined ? undefined : { code, ...(text !== undefined && { text }) }
}

/**
 * The text of an element of XML. The answers that we read are flat enough to need no parser.
 */
export function textOf(xml: string, element: string): string | undefined {
  const text = new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1]
  return text?.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => ENTITIES[name] as string)
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }
