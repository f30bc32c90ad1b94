import { isIP } from 'node:net'
import { EscError } from '../errors.ts'
import { bareHost, isForbidden } from '../http/index.ts'
import { input, type RichText, rich, step } from '../rich-text.ts'

/**
 * Hosts that webhooks may reach although they are private (`webhooks: {allow: [...]}` in
 * `esc.yaml`): `host` or `host:port`.
 */
export type AllowedHosts = readonly string[]

/** True when the URL's host is one of those that were named; then it may be private, and `http`. */
export function isAllowed(url: URL, allowed: AllowedHosts): boolean {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  return allowed.some((each) => {
    const name = each.toLowerCase()
    return name === url.hostname || name === `${url.hostname}:${port}`
  })
}

/**
 * The URL of a webhook as typed.
 * @throws EscError `usage` with the texts of docs/webhooks.md; what a name resolves to is looked
 *   at when something is sent.
 */
export function checkUrl(text: string, format: string, allowed: AllowedHosts): URL {
  if (text === '') throw new EscError('usage', rich`${input('url')} cannot be empty`)
  if (format === 'slack' && !text.startsWith('https://hooks.slack.com/')) {
    throw new EscError('usage', rich`slack webhooks require a ${input('url')} starting with https://hooks.slack.com/`)
  }
  const shown = JSON.stringify(text.replace(/\/\/[^/?#@]*@/, '//[secret]@'))
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase()
  if (scheme === undefined)
    throw new EscError('usage', rich`invalid ${input('url')} ${shown}: it has no scheme`, { hint: remedy })
  if (scheme !== 'https' && scheme !== 'http')
    throw new EscError('usage', rich`${input('url')} ${shown} must use http or https`)
  if (!/^https?:\/\/[^/?#]/i.test(text)) throw new EscError('usage', rich`${input('url')} ${shown} is missing a host`)
  const url = parsed(text, shown)
  if (url.username !== '' || url.password !== '') {
    throw new EscError('usage', rich`${input('url')} ${shown} holds a user name or password`, {
      hint: rich`leave it out: give a ${input('secret')}, and let the receiver check the signature`,
    })
  }
  if (isAllowed(url, allowed)) return url
  if (url.protocol === 'http:') {
    throw new EscError('usage', rich`${input('url')} ${shown} is not encrypted`, {
      hint: rich`use https, or ${allowing(url)}`,
    })
  }
  const host = bareHost(url.hostname)
  if (isIP(host) !== 0 && isForbidden(host)) {
    throw new EscError('usage', rich`${input('url')} ${shown} is a private address`, { hint: allowing(url) })
  }
  return url
}

/**
 * True for the URLs to which whoever knows the URL can write: those of chat services, and those
 * with a query, which is where tokens are.
 */
export function isSecretUrl(text: string, format: string): boolean {
  return isChat(format) || new URL(text).search !== ''
}

/** Returns the form of a URL that may be printed, and stands in `settings.yaml`. */
export function shownUrl(text: string, format: string): string {
  if (!isSecretUrl(text, format)) return text
  const { origin, pathname } = new URL(text)
  return isChat(format) ? `${origin}/[secret]` : `${origin}${pathname}?[secret]`
}

function isChat(format: string): boolean {
  return format === 'slack' || format === 'ms_teams'
}

const remedy = 'it looks like https://example.com/hook'

function parsed(text: string, shown: string): URL {
  try {
    return new URL(text)
  } catch {
    throw new EscError('usage', rich`invalid ${input('url')} ${shown}: it cannot be read as a URL`, { hint: remedy })
  }
}

function allowing(url: URL): RichText {
  return rich`name the host in esc.yaml: webhooks: {allow: [${JSON.stringify(url.host)}]}, and ${step('allow it', { do: 'trust-store' })}`
}
