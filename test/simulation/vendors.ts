import { EscError } from '../../src/errors.ts'
import type { Process } from './machine.ts'
import { Random } from './random.ts'
import type { Timeline } from './timeline.ts'

/** Every secret of a simulation begins so, and no file may hold it in the clear. */
export const canary = 'canary-canary-'

/** How reliable the vendors are during one run; probabilities a call. */
export interface Weather {
  /** The vendor answers that it did nothing. */
  readonly refused: number
  /** The request never arrives. */
  readonly lostRequest: number
  /** It is carried out, and the answer never arrives. */
  readonly lostAnswer: number
  /** The longest a new credential takes until it is known everywhere, in milliseconds. */
  readonly lagMs: number
}

export const calm: Weather = { refused: 0, lostRequest: 0, lostAnswer: 0, lagMs: 0 }

/**
 * The longest a request can be under way, in milliseconds. Rotators wait longer before they believe
 * in absence.
 */
export const longestFlightMs = 3_000
/** The longest any credential takes to be known everywhere. */
export const longestLagMs = 8_000

export interface Token {
  readonly id: string
  readonly secret: string
  /** What the creator called it. */
  readonly label: string | undefined
  readonly foreign: boolean
  readonly createdMs: number
  readonly knownFromMs: number
}

/**
 * An account with a few places for tokens whose secrets the vendor makes and shows once, as IAM and
 * Entra ID have.
 */
export class TokenAccount {
  readonly name: string
  readonly tokens = new Map<string, Token>()
  /** Removed lately: still listed until then. */
  readonly places: number

  constructor(name: string, places: number) {
    this.name = name
    this.places = places
  }
}

/** A server with users whose passwords a manager sets. */
export class UserServer {
  readonly name: string
  readonly passwords = new Map<string, string>()

  constructor(name: string) {
    this.name = name
  }
}

/** All vendors of a simulation. `changed` is called after each change of a credential. */
export class Vendors {
  readonly accounts = new Map<string, TokenAccount>()
  readonly servers = new Map<string, UserServer>()
  readonly timeline: Timeline
  random: Random
  /** For what must differ, whatever the weather. */
  readonly secrets: Random
  changed: () => void = () => {}
  /** Called before a rotation removes or overwrites a credential; throws when it may not. */
  removing: (where: string, id: string, secret: string) => void = () => {}
  calls = 0
  /** Requests and answers that are on their way. */
  inFlight = 0
  #count = 0

  constructor(timeline: Timeline, random: Random) {
    this.timeline = timeline
    this.random = random
    this.secrets = new Random(random.next())
  }

  newSecret(): string {
    return `${canary}${Buffer.from(this.secrets.bytes(9)).toString('base64url')}`
  }

  create(
    account: TokenAccount,
    options: { readonly label?: string; readonly foreign: boolean; readonly lagMs: number },
  ): Token {
    const createdMs = this.timeline.nowMs
    const token: Token = {
      id: `${account.name}-${++this.#count}`,
      secret: this.newSecret(),
      label: options.label,
      foreign: options.foreign,
      createdMs,
      knownFromMs: createdMs + (options.lagMs > 0 ? this.random.below(options.lagMs) : 0),
    }
    account.tokens.set(token.id, token)
    this.changed()
    return token
  }

  remove(account: TokenAccount, id: string): void {
    const token = account.tokens.get(id)
    if (token === undefined) return
    account.tokens.delete(id)
    this.changed()
  }

  setPassword(server: UserServer, user: string, password: string): void {
    server.passwords.set(user, password)
    this.changed()
  }
}

/** The vendors as one process reaches them. */
export class Remote {
  readonly vendors: Vendors
  readonly #process: Process
  readonly #weather: Weather

  constructor(vendors: Vendors, process: Process, weather: Weather) {
    this.vendors = vendors
    this.#process = process
    this.#weather = weather
  }

  list(account: string) {
    return this.#call(account, () =>
      [...this.#account(account).tokens.values()]
        .filter(({ knownFromMs }) => knownFromMs <= this.#now)
        .map(({ id, label, createdMs }) => ({ id, label, createdMs })),
    )
  }

  create(account: string, label?: string) {
    return this.#call(account, () => {
      const at = this.#account(account)
      if (at.tokens.size >= at.places) throw new Refused('LimitExceeded')
      const { id, secret } = this.vendors.create(at, { label, foreign: false, lagMs: this.#weather.lagMs })
      return { id, secret }
    })
  }

  /** One that is gone already is a success. */
  remove(account: string, id: string) {
    return this.#call(account, () => {
      const at = this.#account(account)
      const token = at.tokens.get(id)
      if (token === undefined) return
      this.vendors.removing(account, id, token.secret)
      this.vendors.remove(at, id)
    })
  }

  logIn(account: string, id: string, secret: string) {
    return this.#call(account, () => {
      const token = this.#account(account).tokens.get(id)
      return token !== undefined && token.secret === secret && token.knownFromMs <= this.#now
    })
  }

  setPassword(server: string, user: string, password: string) {
    return this.#call(server, () => {
      const at = this.#server(server)
      const before = at.passwords.get(user)
      if (before !== undefined && before !== password) this.vendors.removing(server, user, before)
      this.vendors.setPassword(at, user, password)
    })
  }

  logInUser(server: string, user: string, password: string) {
    return this.#call(server, () => this.#server(server).passwords.get(user) === password)
  }

  get #now(): number {
    return this.vendors.timeline.nowMs
  }

  #account(name: string): TokenAccount {
    const account = this.vendors.accounts.get(name)
    if (account === undefined) throw new Refused('NoSuchAccount')
    return account
  }

  #server(name: string): UserServer {
    const server = this.vendors.servers.get(name)
    if (server === undefined) throw new Refused('NoSuchServer')
    return server
  }

  /** A request on its way is carried out even when the process that sent it has died meanwhile. */
  #call<T>(what: string, effect: () => T): Promise<T> {
    const { random, timeline } = this.vendors
    const process = this.#process
    this.vendors.calls++
    const number = process.passRemote('before')
    const thereMs = random.chance(0.1) ? random.below(longestFlightMs) : random.below(100)
    const refused = random.chance(this.#weather.refused)
    const lost = random.chance(this.#weather.lostRequest)
      ? 'request'
      : random.chance(this.#weather.lostAnswer)
        ? 'answer'
        : undefined
    return process.wait<T>((resolve, reject) => {
      const unlessDead = (work: () => void) => () => {
        if (process.alive) work()
      }
      const giveUp = () => reject(new EscError('provider_failed', `${what}: the connection was lost`))
      if (lost !== undefined) timeline.after(longestFlightMs + 2_000, unlessDead(giveUp))
      this.vendors.inFlight++
      timeline.after(thereMs, () => {
        this.vendors.inFlight--
        if (lost === 'request') return
        let answer: () => void
        try {
          if (refused) throw new Refused('ServiceUnavailable')
          const result = effect()
          answer = () => resolve(result)
        } catch (error) {
          if (!(error instanceof Refused)) throw error
          answer = () => reject(error)
        }
        if (lost === 'answer') return
        if (process.alive) ignoreDeath(() => process.passRemote('in flight', number))
        timeline.after(
          random.below(50),
          unlessDead(() => {
            ignoreDeath(() => {
              process.passRemote('after', number)
              answer()
            })
          }),
        )
      })
    })
  }
}

/** The vendor's own word that nothing was done. */
export class Refused extends EscError {
  constructor(code: string) {
    super('provider_failed', `the vendor refused: ${code}`)
  }
}

/** The process dies in an event; whoever waits there has been told. */
function ignoreDeath(work: () => void): void {
  try {
    work()
  } catch (error) {
    if ((error as Error).message !== 'killed') throw error
  }
}
