import { reviewTrust, type TrustReview } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { openSession } from '../../framework/session.ts'
import { reviewText, trustJson } from '../../framework/trust-question.ts'

const flags = { ...OUTPUT_FLAG }

export default class TrustShow extends EscCommand<TrustReview, typeof flags> {
  static override id = 'trust:show'
  static override summary = 'Show what a store asks to be allowed, and its digest.'
  static override description =
    `Lists what the store asks for beyond opening its values, what of that is not allowed on this machine, and the digest of the whole list. Runs
no code of the store and asks nothing. ESC_TRUST=<digest> allows exactly this list: the digest is the same on every machine with the same
store and the same plugins.`
  static override examples = [
    { description: 'Show what the store asks for', command: 'esc trust show' },
    { description: 'Show it for a script', command: 'esc trust show --output json' },
  ]
  static override flags = flags

  async run(): Promise<TrustReview> {
    return (await openSession(this.io, this.flags).perform(reviewTrust, undefined)).result
  }

  text(review: TrustReview): string {
    if (review.powers.length === 0) return reviewText(review)
    const verdict =
      review.missing.length === 0
        ? 'All of this is allowed on this machine.'
        : 'Not all of this is allowed on this machine: "esc trust" reviews and allows it.'
    return `${reviewText(review)}${verdict}`
  }

  override json(review: TrustReview): unknown {
    return trustJson(review)
  }
}
