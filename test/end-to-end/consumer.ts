import { slow } from '../sample.ts'

/** `true`, or how the vendor refused. */
export type LogIn = () => Promise<true | string | number>

/** What goes on around the consumers. */
export interface Scene {
  phase: string
  /** Where in the phase, if that is known. */
  point?: string | undefined
  /**
   * Whether everybody is asked to log in at each point at which anything can change: nobody needs
   * to do so in between.
   */
  stepped?: boolean
}

/**
 * Logs in again and again with what it was given, as a program does that nobody has told of a
 * rotation.
 */
export class Consumer {
  /** How often it logged in, by phase. */
  readonly polls = new Map<string, number>()
  /** When it was refused, and how. */
  readonly refusals: string[] = []
  readonly logIn: LogIn
  readonly #name: string
  readonly #scene: Scene
  readonly #loop: Promise<void>
  #released = false
  #poll: Promise<void> | undefined

  constructor(name: string, scene: Scene, logIn: LogIn) {
    this.#name = name
    this.#scene = scene
    this.logIn = logIn
    this.#loop = this.#run()
  }

  /** Resolves after a log-in that began after this call. */
  async poll(): Promise<void> {
    while (this.#poll !== undefined) await this.#poll
    this.#poll = this.#pollNow()
    await this.#poll
  }

  /**
   * From now on nobody has promised that the credential works. Resolves once the last log-in is
   * answered.
   */
  async release(): Promise<void> {
    this.#released = true
    await this.#loop
  }

  async #run(): Promise<void> {
    while (!this.#released) {
      if (!this.#scene.stepped) await this.poll()
      await new Promise((resolve) => setTimeout(resolve, slow ? 30 : 80))
    }
  }

  async #pollNow(): Promise<void> {
    const { phase, point } = this.#scene
    const answer = await this.logIn().catch((error) => String(error))
    this.polls.set(phase, (this.polls.get(phase) ?? 0) + 1)
    if (answer !== true) this.refusals.push(`${this.#name}, ${phase}${point ? ` (${point})` : ''}: ${answer}`)
    this.#poll = undefined
  }
}
