import { EscError } from '../errors.ts'
import type { HttpAnswer, VendorFault } from '../http/index.ts'
import type { SchemaObject } from '../schema/index.ts'
import type { Secret } from '../secret.ts'
import { memberOf, textIn } from './vendor-call.ts'

/** The login that `infisical-login` gives. */
export type InfisicalLogin = { readonly accessToken: Secret<string>; readonly siteUrl?: string }

export const infisicalLoginSchema: SchemaObject = {
  type: 'object',
  properties: { accessToken: { type: 'string', secret: true }, siteUrl: { type: 'string' } },
  required: ['accessToken'],
}

/**
 * Returns the address of an instance. One that the definition names may be called only as `named`
 * says.
 *
 * @throws EscError `invalid_input` for what is no address.
 */
export function infisicalSite(provider: string, siteUrl: string | undefined) {
  if (siteUrl === undefined) return { site: 'https://app.infisical.com' }
  const url = URL.canParse(siteUrl) ? new URL(siteUrl) : undefined
  const local = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url?.hostname ?? '')
  const bare = url !== undefined && url.search + url.hash + url.username + url.password === ''
  if (bare && (url.protocol === 'https:' || (local && url.protocol === 'http:'))) {
    return { site: url.href.replace(/\/+$/, ''), named: true as const }
  }
  throw new EscError(
    'invalid_input',
    `${provider}: \`siteUrl\` ${JSON.stringify(siteUrl)} is not the address of a site`,
    {
      hint: 'write https:// and a host, such as https://eu.infisical.com',
    },
  )
}

export function infisicalFault({ status, json }: HttpAnswer): VendorFault | undefined {
  const code = textIn(json, 'error')
  const message = memberOf(json, 'message')
  if (code === undefined && message === undefined) return undefined
  const text = typeof message === 'string' ? message : undefined
  return { code: code ?? `HTTP ${status}`, ...(text !== undefined && { text }) }
}
