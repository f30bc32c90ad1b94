import { EscError } from '../../errors.ts'
import { acceptTrust, isDigest, reviewTrust, type TrustReview } from '../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../framework/command.ts'
import { boolean, text } from '../framework/flags.ts'
import { openSession, sessionRequest } from '../framework/session.ts'
import { reviewText, trustJson } from '../framework/trust-question.ts'

const flags = {
  yes: boolean({ description: 'accept without asking', char: 'y' }),
  digest: text({ description: 'accept exactly what this digest stands for, without asking', value: 'digest' }),
  ...OUTPUT_FLAG,
}

interface Result {
  /** Value before the change. */
  readonly review: TrustReview
  readonly after: TrustReview
  /** False when it was accepted before, or there is nothing to accept. */
  readonly changed: boolean
}

export default class Trust extends EscCommand<Result, typeof flags> {
  static override id = 'trust'
  static override summary = 'Review what a store may do on this machine, and allow it.'
  static override description =
    `Some stores ask for more than to open their values: to run plugins, to call hosts in a private network, to send your credentials to a host of
their choice. esc does none of this until you allow it on this machine. This command lists what the store asks for, marks what is new
since you last allowed it, and asks.

In CI, set ESC_TRUST to the digest that "esc trust show" prints: it allows exactly that list.`
  static override examples = [
    { description: 'Review and allow', command: 'esc trust' },
    { description: 'Show what the store asks for', command: 'esc trust show' },
  ]
  static override flags = flags

  async run(): Promise<Result> {
    const { askTrust } = sessionRequest(this.io, this.flags).host
    const session = openSession(this.io, this.flags)
    const { result: review } = await session.perform(reviewTrust, undefined)
    if (this.flags.digest !== undefined) refuseOther(this.flags.digest, review.digest)
    const changed = review.added.length + review.removed.length > 0
    if (!changed) return { review, after: review, changed }
    if (!(await this.#agrees(review, askTrust))) {
      throw new EscError('untrusted', 'nothing was allowed', { hint: 'run "esc trust" again to decide otherwise' })
    }
    await session.perform(acceptTrust, undefined, { powers: review.powers })
    const { result: after } = await session.perform(reviewTrust, undefined)
    return { review, after, changed }
  }

  async #agrees(review: TrustReview, ask: ((review: TrustReview) => Promise<boolean>) | undefined): Promise<boolean> {
    if (this.flags.yes || this.flags.digest !== undefined) return true
    if (ask !== undefined) return ask(review)
    this.io.err(reviewText(review))
    throw new EscError('untrusted', 'nobody is there to ask', {
      hint: 'run "esc trust" on a terminal, or pass --digest with the digest above, or --yes',
    })
  }

  text({ review, changed }: Result): string {
    if (!changed) {
      return `${reviewText(review)}${review.powers.length === 0 ? '' : 'This is allowed already.\n'}`
    }
    const shown = this.flags.yes || this.flags.digest !== undefined ? reviewText(review) : ''
    return `${shown}${review.powers.length === 0 ? 'The store may do nothing of what was allowed before.' : 'This is allowed on this machine from now on.'}`
  }

  override json({ after, changed }: Result): unknown {
    return { ...trustJson(after), changed }
  }
}

function refuseOther(typed: string, digest: string): void {
  if (!isDigest(typed)) {
    throw new EscError('usage', `--digest ${JSON.stringify(typed)} is not a digest`, {
      hint: 'give what "esc trust show" prints: sha256: and 64 hexadecimal digits',
    })
  }
  if (`sha256:${typed.toLowerCase().replace('sha256:', '')}` === digest) return
  throw new EscError('untrusted', `the store asks for ${digest}, which is not the digest given`, {
    hint: 'look at what it asks for with "esc trust show"',
  })
}
