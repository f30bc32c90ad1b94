import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { Program } from '../end-to-end/program.ts'

/** One of several servers on a database, which is killed and started again. */
export class ChaosReplica {
  readonly name: string
  readonly #program: Program
  readonly #prefix: readonly string[]
  readonly #listen: string
  #child: ChildProcess | undefined
  /** `undefined`: it does not answer now. */
  url: string | undefined
  said = ''
  frozen = false

  constructor(program: Program, name: string, { prefix = [], listen = '127.0.0.1:0' }: ReplicaPlace = {}) {
    this.#program = program
    this.name = name
    this.#prefix = prefix
    this.#listen = listen
  }

  get runs(): boolean {
    return this.#child !== undefined
  }

  start(): void {
    const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ESC_PASSPHRASE: ___, ...inherited } = process.env
    const words = [...this.#prefix, this.#program.node, Program.path, 'server', 'start', '--listen', this.#listen]
    const child = spawn(words[0] as string, [...words.slice(1), '--log', 'off'], {
      cwd: this.#program.folder,
      env: { ...inherited, ...this.#program.env, ESC_STATE_HOME: join(this.#program.folder, 'machines', this.name) },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#child = child
    let said = ''
    child.stderr?.on('data', (bytes) => {
      said += bytes
      this.said += bytes
      this.url = /listening on (\S+)/.exec(said)?.[1]
    })
    child.once('close', () => {
      if (this.#child !== child) return
      this.#child = undefined
      this.url = undefined
    })
  }

  signal(signal: NodeJS.Signals): void {
    this.frozen = signal === 'SIGSTOP'
    this.#child?.kill(signal)
  }

  /** Kills it without a warning, and returns once it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    const gone = new Promise((resolve) => child.once('close', resolve))
    if (this.frozen) this.signal('SIGCONT')
    child.kill(signal)
    await gone
  }
}

interface ReplicaPlace {
  /** Words before the command. */
  readonly prefix?: readonly string[]
  readonly listen?: string
}
