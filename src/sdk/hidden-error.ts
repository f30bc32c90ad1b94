/** Kinds of errors whose names tell nothing of what they are about. */
const KINDS = [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]

/**
 * A function that was applied to a secret has failed. Its message could hold the secret, so neither
 * the message nor the error is shown: `reveal()` gives it.
 *
 * @example
 * ```ts
 * import { HiddenError, secret } from '@gitesc/cli'
 *
 * const parsed = secret('not JSON').apply((text) => JSON.parse(text))
 * const error = await parsed.reveal().catch((thrown) => thrown)
 * error instanceof HiddenError // true
 * error.message // tells that it was a SyntaxError, and nothing of the text
 * error.reveal() // the SyntaxError
 * ```
 */
export class HiddenError extends Error {
  override readonly name = 'HiddenError'
  readonly #error: unknown

  constructor(error: unknown) {
    const kind = KINDS.find((each) => error instanceof each)?.name ?? 'an error'
    super(`a function that was applied to a secret threw ${kind}; its message is hidden, reveal() shows it`)
    this.#error = error
    const frames = framesOf(error)
    if (frames !== undefined) this.stack = `${this.name}: ${this.message}\n${frames}`
  }

  /** The error as it was thrown, with what it may hold of the secret. */
  reveal(): unknown {
    return this.#error
  }
}

/** The frames below the message. `undefined` when they cannot be told from it. */
function framesOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return undefined
  const { stack, name, message } = error
  const header = message === '' ? name : `${name}: ${message}`
  if (!stack.startsWith(`${header}\n    at `)) return undefined
  return stack.slice(header.length + 1)
}
