import { Killed, type Machines, Process } from './machine.ts'

/** What happens to a process at one of its statements. */
export interface StatementFault {
  readonly nth: number
  readonly effect:
    | { readonly kind: 'kill'; readonly when: 'before' | 'after' }
    /** It gets no time for so long, and knows nothing of it: its leases end. */
    | { readonly kind: 'freeze'; readonly when: 'before' | 'after'; readonly ms: number }
    /** Connections are lost for so long; the first statement may have arrived. */
    | { readonly kind: 'cut'; readonly when: 'before' | 'after'; readonly ms: number }
}

/** How a statement fares. */
export type Way = 'arrives' | 'lost before' | 'lost after'

/** A server of several on one database. */
export class ReplicaProcess extends Process {
  readonly #fault: StatementFault | undefined
  #statements = 0
  #frozenUntilMs = 0
  #cutUntilMs = 0
  struck = false
  /** Time that has passed while its clock stood still. */
  unnoticedMs = 0

  constructor(machines: Machines, { pid, fault }: { readonly pid: number; readonly fault?: StatementFault }) {
    super(machines, `replica-${pid % 3}`, pid, undefined)
    machines.alive.add(this)
    this.#fault = fault
  }

  /** Calls back, when the process gets time again; not once it is dead. */
  after(ms: number, act: () => void): void {
    this.timeline.after(ms, () => this.#whenThawed(act))
  }

  override wait<T>(begin: (resolve: (value: T) => void, reject: (error: unknown) => void) => void): Promise<T> {
    return super.wait((resolve, reject) =>
      begin(
        (value) => this.#whenThawed(() => resolve(value)),
        (error) => this.#whenThawed(() => reject(error)),
      ),
    )
  }

  /** Before a statement is sent. */
  passStatement(): Way {
    this.requireAlive()
    this.#statements++
    if (this.timeline.nowMs < this.#cutUntilMs) return 'lost before'
    const effect = this.#effect('before')
    if (effect?.kind === 'cut') return 'lost before'
    return this.#fault?.nth === this.#statements && this.#fault.effect.kind === 'cut' ? 'lost after' : 'arrives'
  }

  /** After a statement had its effect, before the answer is there. */
  passAnswer(way: Way): void {
    this.requireAlive()
    if (way !== 'lost before') this.#effect('after')
  }

  #effect(when: 'before' | 'after'): StatementFault['effect'] | undefined {
    const fault = this.#fault
    if (fault === undefined || this.struck || fault.nth !== this.#statements || fault.effect.when !== when) {
      return undefined
    }
    this.struck = true
    const { effect } = fault
    if (effect.kind === 'kill') {
      this.kill()
      throw new Killed()
    }
    if (effect.kind === 'freeze') this.#frozenUntilMs = this.timeline.nowMs + effect.ms
    else this.#cutUntilMs = this.timeline.nowMs + effect.ms
    return effect
  }

  #whenThawed(act: () => void): void {
    if (!this.alive) return
    const leftMs = this.#frozenUntilMs - this.timeline.nowMs
    if (leftMs > 0) this.timeline.after(leftMs, () => this.#whenThawed(act))
    else act()
  }
}
