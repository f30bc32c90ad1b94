import type { HttpAnswer, VendorFault } from '../http/index.ts'
import type { SchemaObject } from '../schema/index.ts'
import type { Secret } from '../secret.ts'
import { siteAddress } from './site-address.ts'
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
  return { site: siteAddress(`${provider}: \`siteUrl\``, siteUrl, 'https://eu.infisical.com'), named: true as const }
}

export function infisicalFault({ status, json }: HttpAnswer): VendorFault | undefined {
  const code = textIn(json, 'error')
  const message = memberOf(json, 'message')
  if (code === undefined && message === undefined) return undefined
  const text = typeof message === 'string' ? message : undefined
  return { code: code ?? `HTTP ${status}`, ...(text !== undefined && { text }) }
}
