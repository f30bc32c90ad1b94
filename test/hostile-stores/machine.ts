import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Playground } from '../cli/commands/esc.ts'
import { ended, Program } from '../end-to-end/program.ts'
import { limitMs, limitUnderLoadMs, type Outcome } from './outcome.ts'
import { sharedWatchedEsc } from './watched-esc.ts'

const preload = fileURLToPath(new URL('watch-network.cjs', import.meta.url))

type Variables = Readonly<Record<string, string | undefined>>

/** Somebody's machine: a home, a configuration folder with keys, and a state folder of its own. */
export class Machine extends Playground {
  readonly #networkLog = join(this.folder, 'network.log')

  constructor() {
    super()
    Object.assign(this.env, {
      ESC_STATE_HOME: join(this.folder, 'state'),
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      LC_ALL: 'C',
    })
    const identity = '[user]\n\tname = Ada Lovelace\n\temail = ada@example.com\n[init]\n\tdefaultBranch = main\n'
    writeFileSync(join(this.folder, '.gitconfig'), `${identity}[protocol "file"]\n\tallow = always\n`)
  }

  /** Gives this machine the key file of another one, and nothing else that one knows. */
  withKeyOf(other: Machine): this {
    mkdirSync(this.env.ESC_CONFIG_HOME!, { recursive: true, mode: 0o700 })
    copyFileSync(join(other.env.ESC_CONFIG_HOME!, 'default.key'), join(this.env.ESC_CONFIG_HOME!, 'default.key'))
    return this
  }

  git(folder: string, ...args: string[]): string {
    return execFileSync('git', args, {
      cwd: folder,
      env: this.env as NodeJS.ProcessEnv,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  clone(origin: string, name = 'clone'): Checkout {
    const folder = join(this.folder, name)
    this.git(this.folder, 'clone', '--quiet', origin, folder)
    return new Checkout(this, folder)
  }

  /** Runs the built program; it is killed when it takes longer than any command may. */
  async program(folder: string, words: readonly string[], env: Variables = {}): Promise<Outcome> {
    const first = await this.#once(folder, words, env)
    // A machine that is busy with other things is no hang: only what takes as long a second time
    // is.
    return first.hung ? this.#once(folder, words, env, limitUnderLoadMs()) : first
  }

  /** The same from the sources, in a process that has run others before. */
  sources(folder: string, words: readonly string[]): Promise<Outcome> {
    return sharedWatchedEsc().run({ words, cwd: folder, env: this.env })
  }

  async #once(folder: string, words: readonly string[], env: Variables, withinMs = limitMs): Promise<Outcome> {
    writeFileSync(this.#networkLog, '')
    const { NODE_OPTIONS = '', ...others } = env
    const watched = { NODE_OPTIONS: `--require ${preload} ${NODE_OPTIONS}`, ESC_TEST_NETWORK_LOG: this.#networkLog }
    const child = spawn(process.execPath, [Program.path, ...words], {
      cwd: folder,
      env: { ...this.env, ...watched, ...others } as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let hung = false
    const timer = setTimeout(() => {
      hung = true
      child.kill('SIGKILL')
    }, withinMs)
    const { code, out, err } = await ended(child)
    clearTimeout(timer)
    const contacts = readFileSync(this.#networkLog, 'utf8').split('\n').filter(Boolean)
    return { code: code ?? -1, out, err, hung, contacts }
  }
}

/** A clone on a machine. The store is in `environments/`. */
export class Checkout {
  readonly machine: Machine
  readonly folder: string
  readonly store: string

  constructor(machine: Machine, folder: string) {
    this.machine = machine
    this.folder = realpathSync(folder)
    this.store = join(this.folder, 'environments')
  }

  /** Path of something in the store. */
  path(...parts: string[]): string {
    return join(this.store, ...parts)
  }

  read(...parts: string[]): string {
    return readFileSync(this.path(...parts), 'utf8')
  }

  /** Changes a text of the store, and insists that this changes it. */
  edit(path: string, change: (text: string) => string): void {
    const before = existsSync(this.path(path)) ? this.read(path) : ''
    const after = change(before)
    if (after === before) throw new Error(`${path} would stay as it is`)
    writeFileSync(this.path(path), after)
  }

  git(...args: string[]): string {
    return this.machine.git(this.folder, ...args)
  }

  /** Commits everything and pushes it over whatever is there. */
  push(message = 'a change'): void {
    this.git('add', '--all', '.')
    this.git('commit', '--quiet', '--allow-empty', '--message', message)
    this.git('push', '--quiet', '--force', 'origin', 'HEAD:main')
  }

  pull(): void {
    this.git('fetch', '--quiet', 'origin')
    this.git('reset', '--quiet', '--hard', 'origin/main')
  }

  /** Runs `esc` in this process: fast, for what the scene needs. It must succeed. */
  async ok(...words: string[]): Promise<string> {
    return this.okWith('', ...words)
  }

  /** The same, with something on standard input. */
  async okWith(input: string, ...words: string[]): Promise<string> {
    const { code, out, err } = await this.machine.run(words, { cwd: this.folder, input, io: { now: () => new Date() } })
    if (code !== 0) throw new Error(`esc ${words.join(' ')} exited with ${code}: ${out}${err}`)
    return out
  }

  /**
   * Runs a command here, which must end in time: the built program where variables are given or the
   * dice say so, and otherwise the same sources in a process that is there already.
   */
  esc(words: readonly string[], env?: Variables): Promise<Outcome> {
    const built = env !== undefined || Math.random() < 1 / 4
    return built ? this.machine.program(this.folder, words, env) : this.machine.sources(this.folder, words)
  }

  /** Names of everything below a folder of the store. */
  list(...parts: string[]): readonly string[] {
    return readdirSync(this.path(...parts), { recursive: true }) as string[]
  }
}
