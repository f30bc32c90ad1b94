import { EscError } from '../../errors.ts'
import type { CreatedToken } from '../../operations/index.ts'
import { EscCommand } from './command.ts'
import type { Flags } from './flags.ts'
import { tokenJson } from './token-text.ts'

/** A command that makes an access token: it prints the token alone, this once. */
export abstract class MadeTokenCommand<F extends Flags> extends EscCommand<CreatedToken, F> {
  override get printsValues(): boolean {
    return true
  }

  text({ token }: CreatedToken): string {
    return token
  }

  override json({ token, kept }: CreatedToken): unknown {
    return { token, ...tokenJson(kept) }
  }
}

/** Refuses `--expires 0s`: a token that has ended when it is made is none. */
export function refuseEnded(expiresInSeconds: number | undefined): void {
  if (expiresInSeconds !== 0) return
  throw new EscError('usage', '--expires must be more than 0', { hint: 'write a time such as 30d' })
}
