import type { Endpoint } from './endpoint.ts'
import { exchange } from './exchange.ts'
import { asItIs, asText, ifGiven, objectOf } from './shape.ts'

const offerShape = objectOf({ browser: asItIs, url: ifGiven(asText) })

/**
 * Returns the page at which people begin to sign in to a server of ours, without a query.
 * `undefined`: it has none.
 */
export async function browserLoginUrl(endpoint: Endpoint): Promise<string | undefined> {
  const doing = 'find out whether people can sign in'
  const { status, json } = await exchange(endpoint, { method: 'GET', path: '/api/v1/sign-in', doing })
  if (status !== 200) return undefined
  let offer: ReturnType<typeof offerShape>
  try {
    offer = offerShape(json, '')
  } catch {
    return undefined
  }
  const base = offer.url ?? endpoint.url
  return offer.browser === true && /^https?:\/\//.test(base) ? `${base}/cli-login` : undefined
}
