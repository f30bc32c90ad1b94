/** Randomness that a seed determines (mulberry32). Not for secrets. */
export class Random {
  #state: number

  constructor(seed: number) {
    // Neighbouring seeds must not give similar beginnings.
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 0
    for (let i = 0; i < 4; i++) this.next()
  }

  /** A whole number from 0 to 2³² − 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }

  /** From 0 up to, but not including, `limit`. */
  below(limit: number): number {
    return this.next() % limit
  }

  chance(probability: number): boolean {
    return this.next() < probability * 2 ** 32
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.next() & 0xff)
  }
}
