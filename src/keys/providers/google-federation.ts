import { machineFiles } from '../../files/index.ts'
import { keyFault, type LoginCall, noAnswer } from '../key-fault.ts'
import { type KeyNetwork, request } from '../network.ts'
import type { KeyContext } from '../provider.ts'
import { fetchToken } from './google-token-endpoint.ts'
import type { AccessToken } from './token-memory.ts'

interface ExternalAccount {
  readonly credentials: Readonly<Record<string, unknown>>
  readonly place: string
  /** A field that must be a text. */
  readonly field: (name: string) => string
  readonly remedy: string
  readonly scope: string
}

/**
 * Workload identity federation, as CI systems set it up: the token of another issuer, from
 * a file or a URL, is exchanged for one of Google's (RFC 8693), and that, where asked, for
 * one of a service account.
 */
export async function fromExternalAccount(
  account: ExternalAccount,
  context: KeyContext,
  network: KeyNetwork,
  call: LoginCall,
): Promise<AccessToken> {
  const { credentials, place, field, scope } = account
  const subject = await subjectToken(account, context, network, call)
  const impersonated = credentials.service_account_impersonation_url
  const hiding = { ...call, hidden: [...call.hidden, subject] }
  const federated = await fetchToken(
    {
      method: 'POST',
      url: field('token_url'),
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        audience: field('audience'),
        subject_token_type: field('subject_token_type'),
        subject_token: subject,
        // Whoever is to act as a service account needs the wider scope for that.
        scope: impersonated === undefined ? scope : 'https://www.googleapis.com/auth/cloud-platform',
      }),
    },
    place,
    network,
    hiding,
  )
  if (impersonated === undefined) return federated
  const { text, json } = await fetchToken(
    {
      method: 'POST',
      url: field('service_account_impersonation_url'),
      headers: { authorization: `Bearer ${federated.text}` },
      body: { scope: [scope], lifetime: '3600s' },
    },
    place,
    network,
    { ...hiding, hidden: [...hiding.hidden, federated.text] },
  )
  const expires = Date.parse(String((json as { expireTime?: unknown }).expireTime))
  return { text, lifeSeconds: (expires - network.now().getTime()) / 1000 }
}

async function subjectToken(
  { credentials, place, remedy }: ExternalAccount,
  context: KeyContext,
  network: KeyNetwork,
  call: LoginCall,
): Promise<string> {
  const refuse = (text: string) => keyFault(call, 'credentials', { code: 'bad credentials', text, hint: remedy })
  const source = (credentials.credential_source ?? {}) as Record<string, unknown>
  let text: string
  if (typeof source.file === 'string') {
    try {
      text = Buffer.from((context.files ?? machineFiles).readFile(source.file)).toString()
    } catch (error) {
      const code = (error as { code?: unknown }).code
      throw refuse(`the token file ${source.file} that ${place} names cannot be read (${code})`)
    }
  } else if (typeof source.url === 'string' && URL.canParse(source.url)) {
    const headers = (source.headers ?? {}) as Record<string, string>
    const { origin } = new URL(source.url)
    const answer = await request(network, { method: 'GET', url: source.url, headers }).catch((error) => {
      throw noAnswer(call, error, { from: origin, hint: 'check the network' })
    })
    if (answer.status !== 200) throw refuse(`${origin} gave no token (HTTP ${answer.status})`)
    text = answer.text
  } else {
    throw refuse(`${place} names neither a token file nor a URL`)
  }
  const format = (source.format ?? {}) as Record<string, unknown>
  if (format.type !== 'json') return text.trim()
  const name = String(format.subject_token_field_name)
  let token: unknown
  try {
    token = (JSON.parse(text) as Record<string, unknown>)[name]
  } catch {}
  if (typeof token !== 'string') throw refuse(`the source of tokens that ${place} names has no field ${name}`)
  return token
}
