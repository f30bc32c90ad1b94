import { EscError } from '../errors.ts'
import type { CredentialCheck, RotatorContext } from './rotator.ts'

/** `inconclusive`: the server decided without looking at the credential, or could not be asked. */
export type LoginOutcome =
  | { readonly kind: 'works' }
  | {
      readonly kind: 'wrong'
      /**
       * The one who refused, where it was not the server itself, such as `a pooler in front of it
       * (08P01)`: the server may know better.
       */
      readonly by?: string
    }
  | { readonly kind: 'inconclusive'; readonly reason: string }

export function inconclusive(reason: string): LoginOutcome {
  return { kind: 'inconclusive', reason }
}

export interface Patience {
  /** Waits between log-ins with a credential that was just set. Milliseconds. */
  readonly verifyWaitsMs: readonly number[]
  readonly context: RotatorContext
  /** Such as `db:5432 to accept the new password of role "app"`. */
  readonly waitingFor: string
}

/**
 * Logs in, and again while the credential is refused: some vendors make a change visible in
 * one place after another.
 */
export async function logInPatiently(
  logIn: () => Promise<LoginOutcome>,
  { verifyWaitsMs, context, waitingFor }: Patience,
): Promise<LoginOutcome> {
  let outcome = await logIn()
  for (const wait of verifyWaitsMs) {
    if (outcome.kind !== 'wrong') break
    context.progress(`waiting for ${waitingFor}`)
    await context.sleep(wait)
    outcome = await logIn()
  }
  return outcome
}

export interface CheckedLogin {
  readonly credential: 'current' | 'previous'
  readonly what: string
  /** Said where the log-in is refused, such as `refused (28P01)`. */
  readonly wrong: string
  readonly logIn: () => Promise<LoginOutcome>
}

/** One line of a `check`. A server out of reach is an answer too: it cannot be told. */
export async function checkLogin({ credential, what, wrong, logIn }: CheckedLogin): Promise<CredentialCheck> {
  try {
    const outcome = await logIn()
    if (outcome.kind === 'works') return { credential, what, works: true }
    if (outcome.kind === 'wrong') {
      return { credential, what, works: false, detail: outcome.by === undefined ? wrong : `refused by ${outcome.by}` }
    }
    return { credential, what, works: undefined, detail: outcome.reason }
  } catch (error) {
    if (!(error instanceof EscError) || error.code === 'interrupted') throw error
    return { credential, what, works: undefined, detail: error.message }
  }
}
