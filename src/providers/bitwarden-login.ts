import { EscError } from '../errors.ts'
import type { HttpAnswer, VendorFault } from '../http/index.ts'
import type { Secret } from '../secret.ts'
import { strictBase64 } from './base64.ts'
import { accessTokenKey, decryptEncString } from './bitwarden-crypto.ts'
import type { ProviderContext } from './provider.ts'
import { siteAddress } from './site-address.ts'
import { callVendor, malformedAnswer, memberOf, type ProviderNetwork, textIn } from './vendor-call.ts'

const provider = 'bitwarden-secrets'

/** The two services of Bitwarden, and whether the definition names their host. */
export interface BitwardenSites {
  readonly identity: string
  readonly api: string
  readonly named?: true
}

/** @throws EscError `invalid_input` for what is no address. */
export function bitwardenSites(serverUrl: string | undefined): BitwardenSites {
  if (serverUrl === undefined) return { identity: 'https://identity.bitwarden.com', api: 'https://api.bitwarden.com' }
  const site = siteAddress(`${provider}: \`serverUrl\``, serverUrl, 'https://vault.bitwarden.eu')
  return { identity: `${site}/identity`, api: `${site}/api`, named: true }
}

/** The login of a machine account: it reads with `bearer`, and decrypts with `organizationKey`. */
export interface BitwardenSession {
  readonly bearer: string
  readonly organizationKey: Uint8Array
}

/**
 * Logs in with an access token `0.<id>.<secret>:<key>`. The secret is sent; the key is not: it
 * decrypts the key of the organization.
 *
 * @throws EscError `provider_failed`; `invalid_input` for what is no access token.
 */
export async function logInToBitwarden(
  accessToken: Secret<string>,
  { identity, named }: BitwardenSites,
  network: ProviderNetwork,
  context: ProviderContext,
): Promise<BitwardenSession> {
  const { id, clientSecret, seed } = partsOf(accessToken.reveal().trim())
  const doing = `login with access token ${id}`
  const body = new URLSearchParams({
    scope: 'api.secrets',
    client_id: id,
    client_secret: clientSecret,
    grant_type: 'client_credentials',
  })
  const hidden = [accessToken.reveal(), clientSecret]
  const call = { provider, doing, url: `${identity}/connect/token`, body, hidden, readFault: bitwardenFault, hints }
  const { json } = await callVendor({ ...call, ...(named && { named }) }, network, context)
  const [bearer, payload] = [textIn(json, 'access_token'), textIn(json, 'encrypted_payload')]
  if (bearer === undefined || payload === undefined) throw malformedAnswer(provider, doing)
  const decrypted = decryptEncString(payload, accessTokenKey(seed))
  if (decrypted.kind === 'wrong key') {
    throw new EscError('provider_failed', `${provider}: ${doing}: its key does not fit`, {
      hint: 'copy the access token once more, with everything after the colon',
    })
  }
  const organizationKey = decrypted.kind === 'plaintext' ? keyIn(decrypted.text) : undefined
  if (organizationKey === undefined) throw malformedAnswer(provider, doing)
  return { bearer, organizationKey }
}

function partsOf(token: string) {
  const [, id, clientSecret, key] =
    /^0\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([^.:]+):(.+)$/i.exec(token) ?? []
  const seed = strictBase64(key ?? '')
  if (id !== undefined && clientSecret !== undefined && seed?.length === 16) return { id, clientSecret, seed }
  throw new EscError(
    'invalid_input',
    `${provider}: \`login.accessToken\` is not an access token of a machine account`,
    {
      hint: 'it has the form 0.<id>.<secret>:<key>; make one in Secrets Manager, under the machine account',
    },
  )
}

function keyIn(payload: string): Buffer | undefined {
  try {
    const key = strictBase64(textIn(JSON.parse(payload), 'encryptionKey') ?? '')
    return key?.length === 64 ? key : undefined
  } catch {
    return undefined
  }
}

/** Reads errors: the identity service has those of OAuth, and the API its own. */
export function bitwardenFault({ status, json, text }: HttpAnswer): VendorFault | undefined {
  const code = textIn(json, 'error')
  const message =
    textIn(json, 'error_description') ?? textIn(memberOf(json, 'ErrorModel'), 'Message') ?? textIn(json, 'message')
  if (code === undefined && message === undefined)
    return status === 401 && text === '' ? { code: 'HTTP 401' } : undefined
  return { code: code ?? `HTTP ${status}`, ...(message !== undefined && { text: message }) }
}

const hints: Readonly<Record<string, string>> = {
  invalid_client: 'the access token has expired, was revoked or is of another server (`serverUrl`): make another one',
  invalid_grant: 'the access token has expired, was revoked or is of another server (`serverUrl`): make another one',
}
