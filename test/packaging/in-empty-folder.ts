import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Ended, ended } from '../end-to-end/program.ts'
import { findBinary } from '../servers/binary.ts'

/** Programs that a person has; Node is not among them. */
const TOOLS = ['sh', 'bash', 'git', 'env', 'cat', 'sleep', 'kill', 'tty', 'stty']

/**
 * An empty folder with a home and a `PATH` that has no Node, in which an installed program is run
 * as its user runs it.
 */
export class InEmptyFolder {
  readonly folder = mkdtempSync(join(tmpdir(), 'esc-installed-'))
  readonly home = join(this.folder, 'home')
  readonly #path = join(this.folder, 'bin')
  readonly #program: string

  constructor(program: string) {
    this.#program = program
    for (const folder of [this.home, this.#path]) mkdirSync(folder)
    for (const tool of TOOLS) {
      const found = findBinary(tool)
      if (found !== undefined) symlinkSync(found, join(this.#path, tool))
    }
  }

  /** Variables of the user: nothing of those that the tests run with. */
  get env(): Record<string, string> {
    return { HOME: this.home, PATH: this.#path, ESC_AUTHOR: 'Ada <ada@example.com>', LANG: 'C.UTF-8' }
  }

  start(words: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    return spawn(this.#program, [...words], {
      cwd: this.folder,
      env: { ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  esc(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return ended(this.start(words, env))
  }

  /** Returns standard output of a command that succeeds. */
  async ok(...words: string[]): Promise<string> {
    const { code, out, err } = await this.esc(words)
    if (code !== 0) throw new Error(`esc ${words.join(' ')} exited with ${code}: ${err}`)
    return out
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
