import { keyFault, type LoginCall, malformedKeyAnswer, noAnswer } from '../key-fault.ts'
import { type KeyNetwork, type KeyRequest, request } from '../network.ts'
import type { AccessToken } from './token-memory.ts'

/**
 * Asks an endpoint of Google for an access token. `place`: where the credentials
 * were found, for messages.
 */
export async function fetchToken(
  asked: KeyRequest,
  place: string,
  network: KeyNetwork,
  call: LoginCall,
): Promise<AccessToken & { readonly json: unknown }> {
  const answer = await request(network, asked).catch((error) => {
    throw noAnswer(call, error, { from: originOf(asked.url), hint: 'check the network' })
  })
  const { access_token, accessToken, expires_in, error, error_description } = (answer.json ?? {}) as Record<
    string,
    unknown
  >
  const text = access_token ?? accessToken
  if (answer.status === 200 && typeof text === 'string' && text !== '') {
    return { text, lifeSeconds: Number(expires_in ?? 300), json: answer.json }
  }
  const nested = error as { status?: unknown; message?: unknown } | undefined
  const code = typeof error === 'string' ? error : nested?.status
  if (typeof code !== 'string') throw malformedKeyAnswer(call, originOf(asked.url))
  const words = error_description ?? nested?.message
  throw keyFault(call, answer.status >= 500 ? 'failed' : 'credentials', {
    code,
    text: typeof words === 'string' ? words : `the credentials in ${place} were refused`,
    hint: `check the credentials in ${place}, and this machine's clock`,
  })
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'the token endpoint'
}
