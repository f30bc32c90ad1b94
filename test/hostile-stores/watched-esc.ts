import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Ran } from '../cli/commands/esc.ts'
import { ownScript } from '../sources.ts'
import { limitMs, limitUnderLoadMs, type Outcome } from './outcome.ts'

const shared = new Map<'watched' | 'unwatched', WatchedEsc>()

/** The one of this process. It ends with it. */
export function sharedWatchedEsc(kind: 'watched' | 'unwatched' = 'watched'): WatchedEsc {
  let one = shared.get(kind)
  if (one === undefined) {
    const started = new WatchedEsc(kind)
    process.once('exit', () => started.end())
    shared.set(kind, started)
    one = started
  }
  return one
}

export interface Asked {
  readonly words: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * Runs `esc` from its sources, one command after the other in the same child process: far faster
 * than the built program, and a command that hangs, also in a system call, is killed.
 */
export class WatchedEsc {
  readonly #folder = mkdtempSync(join(tmpdir(), 'esc-watched-'))
  readonly #log = join(this.#folder, 'network.log')
  readonly #kind: 'watched' | 'unwatched'
  #child: ChildProcess | undefined
  /** The command before, which the next one waits for. */
  #last: Promise<unknown> = Promise.resolve()

  /** Unwatched, commands may contact whom they like. */
  constructor(kind: 'watched' | 'unwatched' = 'watched') {
    this.#kind = kind
  }

  run(asked: Asked): Promise<Outcome> {
    const outcome = this.#last.then(async () => {
      const first = await this.#once(asked)
      return first.hung ? this.#once(asked, limitUnderLoadMs()) : first
    })
    this.#last = outcome.catch(() => {})
    return outcome
  }

  async #once(asked: Asked, withinMs = limitMs): Promise<Outcome> {
    this.#child ??= await this.#start()
    const child = this.#child
    writeFileSync(this.#log, '')
    const ran = await new Promise<Ran | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), withinMs)
      const done = (result: Ran | undefined) => {
        clearTimeout(timer)
        child.removeAllListeners()
        resolve(result)
      }
      child.once('message', (message) => done(message as Ran))
      child.once('exit', (code, signal) => done({ code: -3, out: '', err: `the process ended with ${code ?? signal}` }))
      child.send(asked)
    })
    if (ran === undefined || ran.code === -3) {
      child.kill('SIGKILL')
      this.#child = undefined
    }
    const contacts = readFileSync(this.#log, 'utf8').split('\n').filter(Boolean)
    return { ...(ran ?? { code: -1, out: '', err: '' }), hung: ran === undefined, contacts }
  }

  async #start(): Promise<ChildProcess> {
    const { path, execArgv } = ownScript('./worker.ts', import.meta.url)
    const child = fork(path, {
      execArgv: [...execArgv, '--require', fileURLToPath(new URL('watch-network.cjs', import.meta.url))],
      env: { ...process.env, NODE_OPTIONS: '', ESC_TEST_NETWORK_LOG: this.#kind === 'watched' ? this.#log : undefined },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    await new Promise((resolve) => child.once('message', resolve))
    // It ends with this process, and does not keep it.
    child.unref()
    child.channel!.unref()
    return child
  }

  end(): void {
    this.#child?.disconnect()
    this.#child = undefined
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
