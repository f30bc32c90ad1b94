import { EscError } from '../errors.ts'
import type { HttpAnswer, VendorFault } from '../http/index.ts'
import type { SchemaObject } from '../schema/index.ts'
import type { Secret } from '../secret.ts'
import type { ProviderContext } from './provider.ts'
import { shownAddress } from './site-address.ts'
import { callVendor, memberOf, type ProviderNetwork } from './vendor-call.ts'

/** The login that `vault-login` gives, and what reads from Vault is given. */
export type VaultLogin = {
  readonly address: string
  readonly token: Secret<string>
  readonly namespace?: string
}

export const vaultLoginSchema: SchemaObject = {
  type: 'object',
  properties: {
    address: { type: 'string' },
    token: { type: 'string', secret: true },
    namespace: { type: 'string' },
  },
  required: ['address', 'token'],
}

export interface VaultRequest {
  readonly provider: string
  readonly doing: string
  readonly address: string
  readonly namespace?: string | undefined
  readonly token?: Secret<string>
  /** Below `/v1/`, as in a URL. */
  readonly path: string
  readonly body?: object
  readonly hidden: readonly string[]
  readonly hints: Readonly<Record<string, string>>
}

/** Asks Vault or OpenBao, whose API is the same. */
export function callVault(
  { address, namespace, token, path, hidden, ...call }: VaultRequest,
  network: ProviderNetwork,
  context: ProviderContext,
): Promise<HttpAnswer> {
  const headers = {
    'x-vault-request': 'true',
    ...(token && { 'x-vault-token': token.reveal() }),
    ...(namespace && { 'x-vault-namespace': namespace }),
  }
  const url = `${requireVaultAddress(call.provider, address)}/v1/${path}`
  const secrets = token === undefined ? hidden : [...hidden, token.reveal()]
  return callVendor({ ...call, url, headers, hidden: secrets, readFault, named: true }, network, context)
}

/**
 * The address without a slash at its end. Plain HTTP shows the token to everybody on the way, so it
 * is for this machine only.
 */
function requireVaultAddress(provider: string, address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const local = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url?.hostname ?? '')
  const bare = url !== undefined && url.pathname === '/' && url.search + url.hash + url.username + url.password === ''
  if (bare && (url.protocol === 'https:' || (local && url.protocol === 'http:'))) return url.origin
  throw new EscError('invalid_input', `${provider}: \`address\` ${shownAddress(address)} is not that of a server`, {
    hint: 'write https:// and a host, such as https://vault.example.org:8200 (http:// only for this machine)',
  })
}

/**
 * Reads the errors. There are none for a path that is not there; what Vault says about it are
 * warnings.
 */
function readFault({ status, json }: HttpAnswer): VendorFault | undefined {
  const code = `HTTP ${status}`
  const lists = [memberOf(json, 'errors'), memberOf(json, 'warnings')].filter(Array.isArray)
  const said = lists.flat().filter((each) => typeof each === 'string')
  if (said.length > 0) return { code, text: said.join('; ') }
  const metadata = memberOf(memberOf(json, 'data'), 'metadata')
  if (metadata === undefined) return lists.length === 0 ? undefined : { code, text: 'nothing is there' }
  const deleted = memberOf(metadata, 'deletion_time')
  return { code, text: deleted ? `this version was deleted at ${deleted}` : 'this version is gone' }
}

/**
 * A path as Vault has them, ready for a URL. A segment of dots would let the request leave the
 * mount.
 *
 * @throws EscError `invalid_input`.
 */
export function vaultPath(provider: string, input: string, path: string): string {
  const segments = path.replace(/^\/|\/$/g, '').split('/')
  if (segments.every((segment) => segment !== '' && !/^\.+$/.test(segment))) {
    return segments.map(encodeURIComponent).join('/')
  }
  throw new EscError('invalid_input', `${provider}: \`${input}\` ${JSON.stringify(path)} is not a path of Vault`, {
    hint: 'write it without the address and v1/, such as secret/data/shop',
  })
}
