import { randomBytes } from 'node:crypto'

export interface RingKey {
  readonly id: string
  readonly secret: string
  readonly name: string
  readonly createdAt: Date
  unknownFor: number
  unlistedFor: number
}

export interface RingLag {
  readonly unknownFor?: number
  readonly unlistedFor?: number
  readonly lingersFor?: number
}

/** Keys of a vendor that makes a change visible in one place after another. */
export class KeyRing {
  readonly keys: RingKey[] = []
  readonly #ghosts: { readonly key: RingKey; listedFor: number }[] = []
  readonly #form: { readonly id: string; readonly secret: string }
  unknownFor: number
  unlistedFor: number
  lingersFor: number

  /** `form`: what ids and secrets begin with. */
  constructor(form: { readonly id: string; readonly secret: string }, lag: RingLag = {}) {
    this.#form = form
    this.unknownFor = lag.unknownFor ?? 0
    this.unlistedFor = lag.unlistedFor ?? 0
    this.lingersFor = lag.lingersFor ?? 0
  }

  /** One that is known and listed at once, as made long ago. */
  add(key: Partial<RingKey> = {}): RingKey {
    const made: RingKey = {
      id: `${this.#form.id}${randomBytes(12).toString('hex')}`,
      secret: `${this.#form.secret}${randomBytes(24).toString('hex')}`,
      name: 'by hand',
      createdAt: new Date(Math.floor(Date.now() / 1000) * 1000),
      unknownFor: 0,
      unlistedFor: 0,
      ...key,
    }
    this.keys.push(made)
    return made
  }

  /** One that is not known and listed everywhere yet. */
  create(name: string): RingKey {
    return this.add({ name, unknownFor: this.unknownFor, unlistedFor: this.unlistedFor })
  }

  /** As a list shows it that begins now. */
  listed(): RingKey[] {
    const all = this.keys.filter((key) => key.unlistedFor === 0 || key.unlistedFor-- < 0)
    for (const ghost of this.#ghosts) if (ghost.listedFor-- > 0) all.push(ghost.key)
    return all
  }

  /** False: there is no such key. */
  remove(id: string): boolean {
    const index = this.keys.findIndex((key) => key.id === id)
    if (index < 0) return false
    const [key] = this.keys.splice(index, 1)
    this.#ghosts.push({ key: key!, listedFor: this.lingersFor })
    return true
  }

  /** The key with this secret, once it is known. */
  known(secret: string | undefined): RingKey | undefined {
    const key = this.has(secret)
    if (key === undefined || key.unknownFor <= 0) return key
    key.unknownFor--
    return undefined
  }

  has(secret: string | undefined): RingKey | undefined {
    return this.keys.find((key) => key.secret === secret)
  }
}
