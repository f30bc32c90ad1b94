import { VendorHttpError } from '../../vendor-http.ts'
import type { IssuedTiming, Issuer } from '../kit/index.ts'
import type { HttpCredential, HttpDefinition } from './definition.ts'

/** The limit of the API in the kit's terms. */
export function limitMet(limit: HttpDefinition['limit']): Pick<Issuer<never, never>, 'limit'> {
  if (limit === undefined) return {}
  const { count, status, code } = limit
  const met = (error: unknown) =>
    error instanceof VendorHttpError && error.status === status && (code === undefined || error.vendorCode === code)
  return { limit: { count, met } }
}

/** A request to create that may be repeated takes longer until its last attempt has ended. */
export function repeatedTiming({ create }: HttpDefinition, timing: IssuedTiming): IssuedTiming {
  return create.idempotencyHeader === undefined ? timing : { ...timing, requestMs: timing.requestMs * 3 }
}

/** True when the log-in is by this very credential. */
export function usesCredential({ auth, headers = {} }: HttpDefinition, { values }: HttpCredential): boolean {
  const sent = [auth?.bearer, auth?.basic?.password, ...Object.values(headers)].map((each) => each?.reveal() ?? '')
  return Object.values(values).some((value) => sent.some((text) => text.includes(value.reveal())))
}
