import { EscError } from './errors.ts'

/** Limit of one evaluation, or of one look at its outcome. */
export interface BudgetLimits {
  /**
   * Units of work, of about 30 ns each: 10 for an expression, 2 for a comparison of a value with a
   * schema, 1 for 16 characters.
   */
  readonly steps: number
  /**
   * Bytes that values and texts take, as an estimate. Of an evaluation: in each round, since the
   * next one begins from nothing.
   */
  readonly bytes: number
}

/** An environment of 10,000 keys takes about 2 % of the steps and 5 % of the bytes. */
export const defaultLimits: BudgetLimits = { steps: 50_000_000, bytes: 400_000_000 }

/** The limits times a factor, such as 4 for a definition that is known to be large. */
export function scaledLimits(factor: number): BudgetLimits {
  return { steps: Math.round(defaultLimits.steps * factor), bytes: Math.round(defaultLimits.bytes * factor) }
}

/** Thrown where a budget has run out. */
export class BudgetExceeded extends Error {
  override readonly name = 'BudgetExceeded'
  readonly what: 'steps' | 'bytes'
  readonly limit: number

  constructor(what: 'steps' | 'bytes', limit: number) {
    super(what === 'steps' ? `more than ${grouped(limit)} steps` : `more than ${grouped(limit / 1e6)} MB`)
    this.what = what
    this.limit = limit
  }
}

function grouped(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',')
}

/**
 * The budget of the work in progress. Set only while a synchronous piece of work runs, so no
 * two evaluations share it.
 */
let current: Budget | undefined

/**
 * Counts abstract steps and bytes, neither time nor the real heap: the same definition always gets
 * the same answer. The code that does the work calls `spend` and `allocate`, which count nothing
 * where no budget was set.
 */
export class Budget {
  readonly limits: BudgetLimits
  /** Steps taken so far. */
  steps = 0
  /** Bytes taken since `forget`. */
  bytes = 0

  constructor(limits: BudgetLimits = defaultLimits) {
    this.limits = limits
  }

  /**
   * Runs a synchronous piece of work that counts against this budget. Throws
   * `BudgetExceeded` where it runs out.
   */
  within<T>(work: () => T): T {
    const outer = current
    current = this
    try {
      return work()
    } finally {
      current = outer
    }
  }

  /** Starts counting bytes anew: everything allocated before is garbage. */
  forget(): void {
    this.bytes = 0
  }
}

/** Counts steps of work. Call it before the work is done. */
export function spend(steps: number): void {
  if (current === undefined) return
  current.steps += steps
  if (current.steps > current.limits.steps) throw new BudgetExceeded('steps', current.limits.steps)
}

/** Counts bytes. Call it before they are allocated. */
export function allocate(bytes: number): void {
  if (current === undefined) return
  current.bytes += bytes
  if (current.bytes > current.limits.bytes) throw new BudgetExceeded('bytes', current.limits.bytes)
}

/** Counts a text of so many UTF-16 units that is about to be made. */
export function produceText(length: number): void {
  spend(1 + (length >>> 4))
  allocate(2 * length)
}

/** Remedy for somebody who knows that a definition is honest. */
export const budgetHint = 'ESC_EVALUATION_BUDGET=4 allows four times as much, for definitions whose author you know'

/**
 * Shows something of an outcome, with a budget of its own: half of what an evaluation may take.
 *
 * @throws EscError `limit_exceeded` where it runs out. `what` begins the message:
 *   "the values of app/dev".
 */
export function bounded<T>(limits: BudgetLimits | undefined, what: string, work: () => T): T {
  const { steps, bytes } = limits ?? defaultLimits
  try {
    return new Budget({ steps: steps / 2, bytes: bytes / 2 }).within(work)
  } catch (error) {
    if (!(error instanceof BudgetExceeded)) throw error
    throw new EscError('limit_exceeded', `${what} would take ${error.message} to show`, { hint: budgetHint })
  }
}
