/**
 * Thrown where a request got no answer that can be used. It holds nothing of the request, and not
 * the error of the network, which may.
 */
export class NoAnswer extends Error {
  /**
   * Such as `ECONNREFUSED`, `ENOTFOUND` or Node's code for a certificate; `timeout`, whatever
   * noticed it; `interrupted` when the caller's signal stopped it; `too large`.
   */
  readonly code: string
  /** False when it is certain that nothing of the request left this machine. */
  readonly sent: boolean

  constructor(code: string, sent: boolean) {
    super(`no answer (${code})`)
    this.code = code
    this.sent = sent
  }
}

/** `NoAnswer` for whatever a transport threw. */
export function asNoAnswer(error: unknown, sent: boolean): NoAnswer {
  return error instanceof NoAnswer ? error : new NoAnswer(networkCode(error), sent)
}

interface Fault {
  readonly name?: unknown
  readonly code?: unknown
  readonly cause?: Fault
  /** The errors of several attempts to connect, where this one stands for them. connect. */
  readonly errors?: readonly Fault[]
}

/** The system's or Node's code of a fault on the way; the name of the error where it has none. */
export function networkCode(error: unknown): string {
  const { name, code, cause, errors } = (error ?? {}) as Fault
  if (name === 'TimeoutError') return 'timeout'
  if (name === 'AbortError') return 'interrupted'
  const found = [cause?.code, cause?.errors?.[0]?.code, code, errors?.[0]?.code, cause?.name, name].find(
    (each) => typeof each === 'string' && each !== '',
  )
  const text = String(found ?? 'unknown')
  return /TIMEOUT$|TIMEDOUT$/.test(text) ? 'timeout' : text
}
