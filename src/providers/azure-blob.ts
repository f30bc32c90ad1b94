import { createHmac } from 'node:crypto'
import { EscError } from '../errors.ts'
import type { HttpAnswer } from '../http/index.ts'
import { awsFault } from './aws-api.ts'
import { strictBase64 } from './base64.ts'
import { longestState, type ObjectRead, urlPath } from './object-stores.ts'
import { callVendor } from './vendor-call.ts'

/** The way to read a blob: with a token, a shared access signature, or the key of the account. */
export type BlobCredential = { readonly token: string } | { readonly sas: string } | { readonly accountKey: string }

export interface BlobAddress {
  readonly account: string
  readonly container: string
  readonly name: string
  /** Without a slash at its end. Default: the one of the account in Azure's public cloud. */
  readonly endpoint?: string
}

const version = '2021-12-02'

/**
 * A blob of Azure Storage. @throws EscError `provider_failed`; `invalid_input` for a key of the
 * account that is none.
 */
export function azureBlob(
  { account, container, name, endpoint = `https://${account}.blob.core.windows.net` }: BlobAddress,
  credential: BlobCredential,
  { network, context, ...call }: ObjectRead,
): Promise<HttpAnswer> {
  const url = `${endpoint}/${urlPath(container)}/${urlPath(name)}`
  const request = { ...call, readFault: awsFault, hints, longestBytes: longestState }
  if ('sas' in credential) {
    const query = credential.sas.replace(/^\?/, '')
    const signature = new URLSearchParams(query).get('sig') ?? query
    const headers = { 'x-ms-version': version }
    return callVendor({ ...request, url: `${url}?${query}`, headers, hidden: [query, signature] }, network, context)
  }
  const { authorization, date, hidden } =
    'token' in credential
      ? { authorization: `Bearer ${credential.token}`, date: {}, hidden: [credential.token] }
      : sharedKey({ account, url, key: credential.accountKey, now: context.now(), provider: call.provider })
  const headers = { 'x-ms-version': version, ...date, authorization }
  return callVendor({ ...request, url, headers, hidden }, network, context)
}

interface SharedKeyRequest {
  readonly account: string
  readonly url: string
  /** In base64. */
  readonly key: string
  readonly now: Date
  readonly provider: string
}

/** https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key */
function sharedKey({ account, url, key, now, provider }: SharedKeyRequest) {
  const bytes = strictBase64(key.trim())
  if (bytes === undefined || bytes.length === 0) {
    throw new EscError('invalid_input', `${provider}: the access key of the storage account ${account} is not base64`, {
      hint: 'copy it once more from the portal: "Access keys" of the storage account',
    })
  }
  const date = now.toUTCString()
  const headers = `x-ms-date:${date}\nx-ms-version:${version}\n`
  const text = `GET${'\n'.repeat(12)}${headers}/${account}${new URL(url).pathname}`
  const signature = createHmac('sha256', bytes).update(text).digest('base64')
  return { authorization: `SharedKey ${account}:${signature}`, date: { 'x-ms-date': date }, hidden: [key, signature] }
}

const refused =
  'the access key, signature or login is wrong, has expired, or is of another account or tenant; check the clock of this machine'

const hints: Readonly<Record<string, string>> = {
  BlobNotFound: 'check the name of the blob',
  ContainerNotFound: 'check the name of the container',
  ResourceNotFound: 'check the names of container and blob, and that the login may read them',
  AuthorizationPermissionMismatch:
    'whoever logs in needs the role Storage Blob Data Reader on the container; a shared access signature needs the permission r',
  AuthorizationFailure:
    'the network rules of the storage account do not admit this machine, or the signature has expired',
  AuthenticationFailed: refused,
  InvalidAuthenticationInfo: refused,
  KeyBasedAuthenticationNotPermitted: 'the storage account allows no access keys: use a login',
}
