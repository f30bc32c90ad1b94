import type { HttpAnswer, VendorFault } from '../http/index.ts'
import type { SchemaObject } from '../schema/index.ts'
import type { Secret } from '../secret.ts'
import { memberOf } from './vendor-call.ts'

/** The login that `doppler-login` gives. */
export type DopplerLogin = { readonly accessToken: Secret<string> }

export const dopplerLoginSchema: SchemaObject = {
  type: 'object',
  properties: { accessToken: { type: 'string', secret: true } },
  required: ['accessToken'],
}

/** Doppler gives its errors as sentences; the status is their code. */
export function dopplerFault({ status, json }: HttpAnswer): VendorFault | undefined {
  const messages = memberOf(json, 'messages')
  if (!Array.isArray(messages)) return undefined
  return { code: `HTTP ${status}`, text: messages.filter((each) => typeof each === 'string').join('; ') }
}
