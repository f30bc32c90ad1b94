import { EscError } from '../errors.ts'
import type { SchemaObject } from '../schema/index.ts'
import type { ProviderContext } from './provider.ts'

/** Passes on until when a vendor says that something counts; nothing where that cannot be read. */
export function lastsUntil({ lasts }: ProviderContext, expiry: unknown): void {
  const until = new Date(typeof expiry === 'string' ? expiry : Number.NaN)
  if (!Number.isNaN(until.getTime())) lasts?.(until)
}

/** The same for a JSON Web Token, which says so itself. */
export function lastsAsToken({ lasts }: ProviderContext, token: string): void {
  try {
    const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    if (typeof exp === 'number') lasts?.(new Date(exp * 1000))
  } catch {
    // It is opened anew each time then.
  }
}

export const lifetimeSchema: SchemaObject = { type: 'string', pattern: '^([0-9]+h)?([0-9]+m)?([0-9]+s)?$' }

/**
 * `1h30m` in seconds. @throws EscError `invalid_input` for nothing at all, which the schema lets
 * pass, and for what is out of bounds.
 */
export function lifetimeSeconds(
  text: string,
  { input, least, most }: { readonly input: string; readonly least: number; readonly most: number },
): number {
  const [, hours, minutes, seconds] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text) ?? []
  const total = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)
  if (text !== '' && total >= least && total <= most) return total
  throw new EscError(
    'invalid_input',
    `${input} ${JSON.stringify(text)} is not between ${least} s and ${most / 3600} h`,
    {
      hint: 'write a time such as 1h or 30m',
    },
  )
}
