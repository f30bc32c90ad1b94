import { randomBytes } from 'node:crypto'
import { EscError } from '../errors.ts'

/** A rotation that was planned, and that its token lets begin. */
export interface PlannedRotation {
  readonly environment: string
  readonly paths: readonly string[]
  /** The revision that was planned for. */
  readonly revision: number
}

/** Seconds for which a token is good. */
export const TOKEN_SECONDS = 600
const MOST_TOKENS = 100

/** Tokens of planned rotations. Each is good once, in this process, for the rotation as planned. */
export class Confirmations {
  readonly #planned = new Map<string, PlannedRotation & { readonly until: number }>()
  readonly #now: () => Date

  constructor(now: () => Date) {
    this.#now = now
  }

  issue(planned: PlannedRotation): string {
    const token = `plan-${randomBytes(16).toString('hex')}`
    const [oldest] = this.#planned.keys()
    if (this.#planned.size >= MOST_TOKENS && oldest !== undefined) this.#planned.delete(oldest)
    this.#planned.set(token, { ...planned, until: this.#now().getTime() + TOKEN_SECONDS * 1000 })
    return token
  }

  /** @throws EscError `invalid_input` for a token that is not of this rotation, as it is now. */
  redeem(token: string | undefined, wanted: PlannedRotation): void {
    const planned = token === undefined ? undefined : this.#planned.get(token)
    if (token !== undefined) this.#planned.delete(token)
    const problem =
      token === undefined
        ? 'this rotation has not been confirmed'
        : planned === undefined || planned.until < this.#now().getTime()
          ? 'the plan token is not known, was used, or is older than ten minutes'
          : planned.environment !== wanted.environment || planned.paths.join('\0') !== wanted.paths.join('\0')
            ? 'the plan token is of another rotation'
            : planned.revision !== wanted.revision
              ? `${wanted.environment} was changed after the plan: it was at revision ${planned.revision}, and is at ${wanted.revision}`
              : undefined
    if (problem === undefined) return
    throw new EscError('invalid_input', problem, {
      hint: 'call plan_rotation with the same environment and paths, show the plan to the person, and hand its plan_token back',
    })
  }
}
