import { domainToASCII } from 'node:url'
import type { Plain } from '../plain.ts'
import { Secret } from '../secret.ts'

/** The texts of all secrets in some data. */
export function plainSecretTexts(value: Plain | undefined): string[] {
  const texts: string[] = []
  collect(value, false, texts)
  return texts
}

function collect(value: Plain | undefined, isSecret: boolean, into: string[]): void {
  if (value instanceof Secret) collect(value.reveal(), true, into)
  else if (typeof value === 'string' || typeof value === 'number') {
    if (isSecret) into.push(String(value))
  } else if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) collect(member as Plain | undefined, isSecret, into)
  }
}

/**
 * A secret and what programs make of it before they put it into a message: in another case, as
 * hosts and identifiers are; with hyphens; a domain in its ASCII form; and the parts of URLs, ARNs,
 * distinguished names and addresses of mail.
 */
export function variantsOf(secret: string): ReadonlySet<string> {
  const variants = new Set<string>()
  for (const part of [secret, secret.trim(), ...partsOf(secret.trim())]) {
    for (const text of [part, part.toLowerCase(), part.toUpperCase(), part.replaceAll('_', '-').toLowerCase()]) {
      if (text !== '') variants.add(text)
    }
    if (/[^\x00-\x7f]/.test(part) && !/\s/.test(part)) variants.add(domainToASCII(part))
  }
  variants.delete('')
  return variants
}

function partsOf(secret: string): string[] {
  if (secret.length > 4096 || /\n/.test(secret)) return []
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(secret) ? parseUrl(secret) : undefined
  if (url !== undefined) {
    const { hostname, host, pathname, search, username, password } = url
    const whole = [
      host,
      hostname,
      pathname.replace(/^\/$/, ''),
      search,
      username,
      password,
      decoded(username),
      decoded(password),
    ]
    return [...whole, ...pathname.split('/').filter((segment) => segment.length > 3)]
  }
  if (secret.startsWith('arn:')) {
    const [, , , , account = '', ...resource] = secret.split(':')
    const name = resource.join(':')
    return [account, name, ...name.split('/').slice(1)]
  }
  if (/^[A-Za-z][\w.-]*=[^,]+(?:,\s*[A-Za-z][\w.-]*=[^,]+)+$/.test(secret)) {
    return secret.split(/\s*,\s*/).map((part) => part.slice(part.indexOf('=') + 1))
  }
  const mail = /^([^\s@]+)@([^\s@]+\.[^\s@]+)$/.exec(secret)
  const address = /^\[?([^\s[\]]+?)\]?:(\d{1,5})$/.exec(secret)
  return (mail ?? address ?? []).slice(1)
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
