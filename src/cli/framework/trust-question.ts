import { describePower, type TrustReview } from '../../operations/index.ts'
import type { Host } from './host.ts'

/** Shows what a store asks for and asks whether that is allowed. Only `y` or `yes` is yes. */
export async function askTrust(review: TrustReview, io: Host): Promise<boolean> {
  const ask = async () => {
    io.err(`${reviewText(review)}Allow this on this machine? [y/N] `)
    return io.readLine()
  }
  const answer = await (io.busy === undefined ? ask() : io.busy.quietly(ask))
  return /^y(?:es)?$/i.test(answer?.trim() ?? '')
}

/**
 * A review for people. What is new since the last time is marked with `+`, what is gone with `-`.
 */
export function reviewText({ store, powers, added, removed, accepted, digest, problems }: TrustReview): string {
  const changed = accepted !== undefined && added.length + removed.length > 0
  const isNew = (power: TrustReview['powers'][number]) => added.includes(power)
  const lines = [
    powers.length === 0
      ? `The store ${store} asks for nothing that has to be allowed.`
      : changed
        ? `The store ${store} asks to do other things than you allowed on ${accepted.slice(0, 10)}:`
        : `The store ${store} asks to:`,
    ...powers.map((power) => `  ${changed ? (isNew(power) ? '+ ' : '  ') : ''}${describePower(power)}`),
    ...removed.map((power) => `  - ${describePower(power)}`),
    ...problems.map((problem) => `Cannot be allowed: ${problem}`),
    ...(powers.length === 0 ? [] : [`Digest: ${digest}`]),
  ]
  return `${lines.join('\n')}\n`
}

/** A review for programs. */
export function trustJson({ store, digest, powers, missing, added, removed, accepted, problems }: TrustReview): object {
  const trusted = missing.length === 0
  return { store, digest, trusted, accepted: accepted ?? null, powers, added, removed, problems }
}
