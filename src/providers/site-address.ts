import { EscError } from '../errors.ts'

/**
 * Returns an address as messages show it, quoted: without a login, a query and a fragment, which
 * may be secrets.
 */
export function shownAddress(address: string): string {
  const shown = address.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1…@').replace(/[?#].*$/s, '?…')
  return JSON.stringify(shown)
}

/**
 * Returns the address of a server without slashes at its end. Plain HTTP shows what is sent to
 * everybody on the way, so it is for this machine only. `input`: as messages name it.
 *
 * @throws EscError `invalid_input` for what is no address, or has a login or a query in it.
 */
export function siteAddress(input: string, address: string, example: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const local = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url?.hostname ?? '')
  const bare = url !== undefined && url.search + url.hash + url.username + url.password === ''
  if (bare && (url.protocol === 'https:' || (local && url.protocol === 'http:'))) return url.href.replace(/\/+$/, '')
  throw new EscError('invalid_input', `${input} ${shownAddress(address)} is not the address of a site`, {
    hint: `write https:// and a host, such as ${example}`,
  })
}
