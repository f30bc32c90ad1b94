import { EscError } from '../errors.ts'
import type { SchemaObject } from '../schema/index.ts'
import type { ProviderContext } from './provider.ts'

/** Passes on until when a vendor says that something counts; nothing where that cannot be read. */
export function lastsUntil({ lasts }: ProviderContext, expiry: unknown): void {
  const until = new Date(typeof expiry === 'string' ? expiry : Number.NaN)
  if (!Number.isNaN(until.getTime())) lasts?.(until)
}

/** The same for a number of seconds from now on. */
export function lastsFor({ lasts, now }: ProviderContext, seconds: unknown): void {
  if (typeof seconds === 'number' && seconds > 0) lasts?.(new Date(now().getTime() + seconds * 1000))
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

interface LifetimeBounds {
  /** As messages name it. */
  readonly input: string
  /** The seconds where neither inputs nor user say anything. */
  readonly usual: number
  readonly least: number
  readonly most: number
  /** The most where the inputs say nothing: more is allowed to some alone. Default: `most`. */
  readonly mostUnsaid?: number
}

/** Identity tokens are for logins, which take a moment, or are one, which lives an hour at most. */
export const identityTokenBounds = { usual: 3600, least: 60, most: 3600 }

/**
 * Returns the seconds that a credential is to live: as the inputs say, or less where the user
 * wants less; where the inputs say nothing, as the user wants, within the bounds.
 *
 * @throws EscError `invalid_input` for inputs out of bounds.
 */
export function wantedSeconds(
  given: string | undefined,
  { lifetimeSeconds: wanted, warn }: Pick<ProviderContext, 'lifetimeSeconds' | 'warn'>,
  { input, usual, least, most, mostUnsaid = most }: LifetimeBounds,
): number {
  const said = given === undefined ? undefined : lifetimeSeconds(given, { input, least, most })
  if (wanted === undefined) return said ?? usual
  if (wanted < least)
    warn?.(`${input}: what it gives lives for ${least} s at least, which is longer than you asked for`)
  return Math.min(said ?? mostUnsaid, Math.max(least, Math.floor(wanted)))
}
