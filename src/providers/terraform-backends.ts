import { EscError } from '../errors.ts'
import type { HttpAnswer, VendorFault } from '../http/index.ts'
import type { PlainObject } from '../plain.ts'
import type { SchemaObject } from '../schema/index.ts'
import type { Secret } from '../secret.ts'
import { awsLoginSchema, awsRegionSchema } from './aws-api.ts'
import type { AwsLogin } from './aws-signature.ts'
import { azureToken } from './azure-api.ts'
import { azureBlob, type BlobCredential } from './azure-blob.ts'
import { type AzureLogin, azureLoginSchema } from './azure-login.ts'
import { machineOf } from './machine.ts'
import { gcsObject, longestState, s3Object } from './object-stores.ts'
import type { ProviderContext } from './provider.ts'
import { shownAddress } from './site-address.ts'
import { readRemoteOutputs } from './terraform-remote.ts'
import { callVendor, memberOf, type ProviderNetwork } from './vendor-call.ts'

const provider = 'terraform-state'
const text: SchemaObject = { type: 'string', minLength: 1 }
const secretText: SchemaObject = { type: 'string', secret: true }
/** A part of the name of a host. */
const label: SchemaObject = { type: 'string', pattern: '^[a-z0-9-]+$' }

function backend(properties: Readonly<Record<string, SchemaObject>>, optional: readonly string[] = []): SchemaObject {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return { type: 'object', additionalProperties: false, properties, required }
}

const gcpLogin: SchemaObject = {
  type: 'object',
  properties: { project: { type: 'number' }, accessToken: secretText },
  required: ['accessToken'],
}

/** The places in which a state is kept, by the names that Terraform has for them. */
export const terraformBackends: Readonly<Record<string, SchemaObject>> = {
  s3: backend({ login: awsLoginSchema, region: awsRegionSchema, bucket: text, key: text }),
  remote: backend({ organization: text, workspace: text, token: secretText, hostname: text }, ['hostname']),
  gcs: backend({ login: gcpLogin, bucket: text, prefix: { type: 'string' }, workspace: text }, ['prefix', 'workspace']),
  azurerm: backend(
    {
      login: azureLoginSchema,
      accessKey: { ...secretText, description: 'Of the storage account, instead of `login`.' },
      sasToken: { ...secretText, description: 'A shared access signature, instead of `login`.' },
      storageAccountName: label,
      containerName: text,
      key: text,
    },
    ['login', 'accessKey', 'sasToken'],
  ),
  http: backend({ address: text, username: text, password: secretText }, ['username', 'password']),
  local: backend({ path: text }),
}

export type TerraformBackend = {
  readonly s3?: {
    readonly bucket: string
    readonly key: string
    readonly region: string
    readonly login: AwsLogin
  }
  readonly remote?: {
    readonly organization: string
    readonly workspace: string
    readonly token: Secret<string>
    readonly hostname?: string
  }
  readonly gcs?: {
    readonly bucket: string
    readonly prefix?: string
    readonly workspace?: string
    readonly login: { readonly accessToken: Secret<string> }
  }
  readonly azurerm?: {
    readonly storageAccountName: string
    readonly containerName: string
    readonly key: string
    readonly login?: AzureLogin
    readonly accessKey?: Secret<string>
    readonly sasToken?: Secret<string>
  }
  readonly http?: { readonly address: string; readonly username?: string; readonly password?: Secret<string> }
  readonly local?: { readonly path: string }
}

/** A state as it is kept, or the outputs alone, where the backend gives those. */
export type BackendRead = { readonly state: string; readonly place: string } | { readonly outputs: PlainObject }

/** Reads what a backend keeps. @throws EscError `provider_failed`, `invalid_input`, `untrusted`. */
export async function readBackend(
  { s3, remote, gcs, azurerm, http, local }: TerraformBackend,
  network: ProviderNetwork,
  context: ProviderContext,
): Promise<BackendRead> {
  const reading = (place: string) => ({ provider, doing: `reading ${place}`, network, context })
  const stateOf = async (place: string, answer: Promise<HttpAnswer>) => ({ state: (await answer).text, place })
  if (s3 !== undefined) {
    const place = `s3://${s3.bucket}/${s3.key}`
    return stateOf(place, s3Object(s3, reading(place)))
  }
  if (gcs !== undefined) {
    const { bucket, prefix = '', workspace = 'default', login } = gcs
    const name = `${prefix === '' ? '' : `${prefix.replace(/\/+$/, '')}/`}${workspace}.tfstate`
    const place = `gs://${bucket}/${name}`
    return stateOf(place, gcsObject({ bucket, name, token: login.accessToken }, reading(place)))
  }
  if (azurerm !== undefined) {
    const { storageAccountName: account, containerName: container, key: name } = azurerm
    const place = `${name} in container ${container} of ${account}`
    const credential = await blobCredential(azurerm, network, context)
    return stateOf(place, azureBlob({ account, container, name }, credential, reading(place)))
  }
  if (http !== undefined) return stateOf(shownAddress(http.address), fromHttp(http, network, context))
  if (remote !== undefined) return { outputs: await readRemoteOutputs(remote, network, context) }
  const { path } = local as NonNullable<TerraformBackend['local']>
  const machine = await machineOf(context, provider)
  return { state: Buffer.from(await machine.file(path)).toString(), place: path }
}

async function blobCredential(
  { login, accessKey, sasToken }: NonNullable<TerraformBackend['azurerm']>,
  network: ProviderNetwork,
  context: ProviderContext,
): Promise<BlobCredential> {
  if ([login, accessKey, sasToken].filter((each) => each !== undefined).length !== 1) {
    throw new EscError(
      'invalid_input',
      `${provider}: \`backend.azurerm\` needs exactly one of \`login\`, \`accessKey\` and \`sasToken\``,
      { hint: 'prefer login: ${azure.login}, which holds no key of the account' },
    )
  }
  if (accessKey !== undefined) return { accountKey: accessKey.reveal() }
  if (sasToken !== undefined) return { sas: sasToken.reveal() }
  const wish = { provider, resource: 'https://storage.azure.com', hints: {} }
  return { token: await azureToken(login as AzureLogin, wish, network, context) }
}

function fromHttp(
  { address, username, password }: NonNullable<TerraformBackend['http']>,
  network: ProviderNetwork,
  context: ProviderContext,
): Promise<HttpAnswer> {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const isLocal = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url?.hostname ?? '')
  if (url === undefined || !(url.protocol === 'https:' || (isLocal && url.protocol === 'http:')) || url.username) {
    throw new EscError('invalid_input', `${provider}: \`address\` is not that of a state`, {
      hint: 'write an address that begins with https://, and the login as `username` and `password`',
    })
  }
  const secretText = password?.reveal() ?? ''
  const basic = `Basic ${Buffer.from(`${username ?? ''}:${secretText}`).toString('base64')}`
  const headers: Record<string, string> = username === undefined ? {} : { authorization: basic }
  const call = { provider, doing: `reading ${url.origin}${url.pathname}`, url: address, headers, named: true } as const
  const hidden = [secretText, basic].filter((each) => each !== '')
  return callVendor(
    { ...call, hidden, readFault: httpFault, hints: httpHints, longestBytes: longestState },
    network,
    context,
  )
}

const httpHints: Readonly<Record<string, string>> = {
  'HTTP 401': 'check `username` and `password`',
  'HTTP 403': 'check `username` and `password`, and what they may read',
  'HTTP 404': 'check the address',
  'HTTP 204': 'nothing has been applied yet',
}

/** Such servers have no form of errors in common. */
function httpFault({ status, json }: HttpAnswer): VendorFault | undefined {
  const message = memberOf(json, 'message')
  return { code: `HTTP ${status}`, ...(typeof message === 'string' && { text: message }) }
}
