import { createHash } from 'node:crypto'
import type { HttpAnswer, VendorFault } from '../http/index.ts'
import type { Secret } from '../secret.ts'
import { awsFault } from './aws-api.ts'
import { awsEndpoint } from './aws-endpoint.ts'
import { type AwsLogin, signedHeaders } from './aws-signature.ts'
import { gcpFault } from './gcp-api.ts'
import type { ProviderContext } from './provider.ts'
import { callVendor, type ProviderNetwork } from './vendor-call.ts'

/** Reads one object of a store of objects. */
export interface ObjectRead {
  /** Name of the provider, for messages. */
  readonly provider: string
  readonly doing: string
  readonly network: ProviderNetwork
  readonly context: ProviderContext
}

/** States of large stacks have some megabytes. */
export const longestState = 32 << 20

const nothing = createHash('sha256').update('').digest('hex')

/** A path as it stands in a URL: slashes separate, all else is a name. */
export function urlPath(key: string): string {
  return key
    .split('/')
    .map((part) =>
      encodeURIComponent(part).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`),
    )
    .join('/')
}

/** An object of S3, or of what speaks as it. */
export function s3Object(
  place: { readonly bucket: string; readonly key: string; readonly region: string; readonly login: AwsLogin },
  { network, context, ...call }: ObjectRead,
): Promise<HttpAnswer> {
  const { bucket, key, login } = place
  const endpoint = awsEndpoint('s3', { region: place.region }, context.env ?? {})
  const url = new URL(`${endpoint.url}/${urlPath(bucket)}/${urlPath(key)}`)
  const signed = signedHeaders({
    method: 'GET',
    url,
    body: '',
    headers: { 'x-amz-content-sha256': nothing },
    region: endpoint.region,
    service: 's3',
    login,
    now: context.now(),
  })
  const hidden = [login.secretAccessKey, ...(login.sessionToken ? [login.sessionToken] : [])].map((each) =>
    each.reveal(),
  )
  const request = { ...call, method: 'GET', url: url.href, headers: signed, hidden } as const
  return callVendor({ ...request, readFault: awsFault, hints: s3Hints, longestBytes: longestState }, network, context)
}

const s3Hints: Readonly<Record<string, string>> = {
  AccessDenied: 'whoever logs in needs s3:GetObject on the object (and kms:Decrypt where a key of KMS encrypts it)',
  NoSuchBucket: 'check the name of the bucket',
  NoSuchKey: 'check the key of the object',
  PermanentRedirect: 'the bucket is in another region: set `region`',
  AuthorizationHeaderMalformed: 'the bucket is in another region: set `region`',
  InvalidAccessKeyId: 'check the credentials of `login`: AWS knows no such access key',
  ExpiredToken: 'log in anew: the credentials of `login` have expired',
  SignatureDoesNotMatch: 'check `secretAccessKey` of `login`, and the clock of this machine',
}

/** An object of Google Cloud Storage. */
export function gcsObject(
  { bucket, name, token }: { readonly bucket: string; readonly name: string; readonly token: Secret<string> },
  { network, context, ...call }: ObjectRead,
): Promise<HttpAnswer> {
  const url = `https://storage.googleapis.com/storage/v1/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(name)}?alt=media`
  const headers = { authorization: `Bearer ${token.reveal()}` }
  const readFault = (answer: HttpAnswer): VendorFault | undefined =>
    gcpFault(answer) ?? (/^No such object|^Not Found/.test(answer.text) ? { code: 'NOT_FOUND' } : undefined)
  const request = { ...call, url, headers, hidden: [token.reveal()], readFault, hints: gcsHints }
  return callVendor({ ...request, longestBytes: longestState }, network, context)
}

const gcsHints: Readonly<Record<string, string>> = {
  NOT_FOUND: 'check the names of bucket and object',
  PERMISSION_DENIED: 'whoever logs in needs the role Storage Object Viewer on the bucket',
  UNAUTHENTICATED: 'the access token has expired or is wrong',
}
