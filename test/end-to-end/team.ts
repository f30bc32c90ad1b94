import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { codeCaches } from '../cli/commands/esc.ts'
import { sharedWatchedEsc } from '../hostile-stores/watched-esc.ts'
import { sample, slow } from '../sample.ts'
import { type Ended, Program } from './program.ts'
import { inherited, runProgram } from './run-program.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** Both ways to pull in slow runs, otherwise one of them, the other one in another run. */
export const pulls = sample(['merge', 'rebase'] as const, 1)

/** Gives each test of a suite a team of its own. Skips the suite where the program is not built. */
export function eachTestHasTeam(take: (team: Team) => void): void {
  let team: Team | undefined
  before(function () {
    if (!Program.isBuilt()) this.skip()
  })
  beforeEach(() => {
    team = new Team()
    take(team)
  })
  afterEach(() => team?.remove())
}

/**
 * People with a machine each, who share a store over a bare git repository. Git is real, and so is,
 * for one team in four of a slow run and one in ten of a usual one, the built program.
 */
export class Team {
  readonly folder = mkdtempSync(join(tmpdir(), 'esc-team-'))
  readonly remote = join(this.folder, 'remote.git')
  /**
   * Whether all commands are run by the built program; otherwise by its sources, in a process that
   * is there already.
   */
  readonly isBuilt = Math.random() < (slow ? 1 / 4 : 1 / 10)
  /** For everybody, in every run. */
  readonly env: Record<string, string | undefined> = {}

  constructor() {
    this.#run(this.folder, 'init', '--quiet', '--bare', '--initial-branch', 'main', this.remote)
  }

  /**
   * Gives somebody a machine with a clone. The first one makes the store, with the key that all
   * have.
   */
  async join(name: string): Promise<Person> {
    const person = new Person(this, name)
    this.#run(this.folder, 'clone', '--quiet', this.remote, person.clone)
    for (const [setting, value] of Object.entries({ name, email: `${name}@example.com` })) {
      person.git('config', `user.${setting}`, value)
    }
    const key = join(this.folder, 'default.key')
    if (existsSync(key)) cpSync(key, join(person.config, 'default.key'))
    else {
      person.git('checkout', '--quiet', '-B', 'main')
      await person.ok('init')
      await person.ok('env', 'init', 'default/first')
      await person.ok('env', 'set', 'default/first', 'token', 'none', '--secret')
      cpSync(join(person.config, 'default.key'), key)
    }
    return person
  }

  #run(cwd: string, ...args: string[]): void {
    execFileSync('git', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export class Person {
  readonly clone: string
  readonly config: string
  /** Of this person alone, in every run. */
  readonly env: Record<string, string | undefined> = {}
  readonly #team: Team
  readonly #home: string

  constructor(team: Team, name: string) {
    this.#team = team
    this.#home = join(team.folder, name)
    this.clone = join(this.#home, 'clone')
    this.config = join(this.#home, 'config')
    mkdirSync(this.config, { recursive: true })
  }

  path(...parts: string[]): string {
    return join(this.clone, 'environments', ...parts)
  }

  read(...parts: string[]): string {
    return readFileSync(this.path(...parts), 'utf8')
  }

  write(path: string, text: string): void {
    writeFileSync(this.path(path), text)
  }

  /** Where variables are given it is always the built program. */
  async esc(words: readonly string[], env?: Variables): Promise<Ended> {
    const own = {
      HOME: this.#home,
      ESC_CONFIG_HOME: this.config,
      ESC_STATE_HOME: join(this.#home, 'state'),
      ESC_AUTHOR: undefined,
      XDG_CACHE_HOME: codeCaches,
    }
    const all = { ...own, ...this.#team.env, ...this.env, ...env }
    if (env !== undefined || this.#team.isBuilt) return runProgram(words, { cwd: this.clone, env: all })
    const ran = await sharedWatchedEsc('unwatched').run({ words, cwd: this.clone, env: inherited(all) })
    if (ran.hung) throw new Error(`esc ${words.join(' ')} takes too long`)
    return { ...ran, signal: null }
  }

  /** Runs what must succeed, and returns all that it printed. */
  async ok(...words: string[]): Promise<string> {
    const { code, out, err } = await this.esc(words)
    if (code !== 0) throw new Error(`esc ${words.join(' ')} exited with ${code}: ${out}${err}`)
    return out + err
  }

  /** What an environment, or a path of it, opens as. */
  async open(name: string, ...path: string[]): Promise<unknown> {
    const { code, out, err } = await this.esc(['env', 'open', name, ...path])
    if (code !== 0) throw new Error(`esc env open ${name} exited with ${code}: ${err}`)
    return JSON.parse(out)
  }

  git(...args: string[]): string {
    const env = { ...process.env, GIT_EDITOR: 'true', HOME: this.#home }
    return execFileSync('git', args, { cwd: this.clone, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  }

  /** False: git stopped. */
  tryGit(...args: string[]): boolean {
    try {
      this.git(...args)
      return true
    } catch {
      return false
    }
  }

  commitAll(message: string): void {
    this.git('add', '--all')
    this.git('commit', '--quiet', '--message', message)
  }

  push(): void {
    this.git('push', '--quiet', 'origin', 'HEAD:main')
  }

  /** Gets what others have pushed. False: git stopped at a conflict. */
  pull(how: 'merge' | 'rebase'): boolean {
    return this.tryGit('pull', '--quiet', how === 'rebase' ? '--rebase' : '--no-rebase', '--no-edit', 'origin', 'main')
  }
}
