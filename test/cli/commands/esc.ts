import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Host } from '../../../src/cli/framework/host.ts'
import { main } from '../../../src/cli/framework/main.ts'
import { storeIdentity } from '../../../src/machine/index.ts'
import { digestOf } from '../../digest.ts'
import { repositoryRoot } from '../../sources.ts'
import { asksForJson, checkJsonOutput } from '../json/check-output.ts'

export const packageRoot = repositoryRoot

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  /** What standard input holds. */
  readonly input?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  readonly io?: Partial<Host>
}

/**
 * Where the built program keeps compiled code: one place for all tests, as a user has one for all
 * stores. In a home of its own each test would compile the vendors' libraries anew.
 */
export const codeCaches = join(packageRoot, 'node_modules', '.cache')

/** A folder of its own in which `esc` runs in this process, with a key and an author of its own. */
export class Playground {
  readonly folder = mkdtempSync(join(tmpdir(), 'esc-test-'))
  /** Where the environments are, once `init` has run. */
  readonly store = join(this.folder, 'environments')
  readonly env: Record<string, string | undefined> = {
    HOME: this.folder,
    ESC_CONFIG_HOME: join(this.folder, 'config'),
    ESC_AUTHOR: 'Ada Lovelace <ada@example.com>',
    PATH: process.env.PATH,
    TMPDIR: join(this.folder, 'tmp'),
    XDG_CACHE_HOME: codeCaches,
  }

  /** Everything this machine keeps about stores. */
  readonly machine = join(this.folder, 'config', 'state')

  constructor() {
    mkdirSync(join(this.folder, 'tmp'))
  }

  /** Everything this machine keeps about the store. */
  get state(): string {
    return this.stateOf(this.store)
  }

  stateOf(store: string): string {
    return join(this.machine, 'stores', storeIdentity(realpathSync(store)))
  }

  async run(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
    let out = ''
    let err = ''
    let input = options.input ?? ''
    const io: Host = {
      env: { ...this.env, ...options.env },
      cwd: options.cwd ?? this.folder,
      stdinIsTerminal: false,
      stdoutIsTerminal: false,
      stderrIsTerminal: false,
      columns: undefined,
      sharesStreams: false,
      out: (text) => {
        out += Buffer.from(text as string).toString()
      },
      err: (text) => {
        err += Buffer.from(text as string).toString()
      },
      readStdin: async () => Buffer.from(input),
      readLine: async () => {
        if (input === '') return undefined
        const [line, ...rest] = input.split('\n')
        input = rest.join('\n')
        return line
      },
      build: 'test',
      now: () => new Date('2026-03-04T05:06:07.000Z'),
      onInterrupt: () => () => {},
      exit: (code) => {
        throw new Error(`exit ${code}`)
      },
      ...options.io,
    }
    const code = await main(words, packageRoot, io)
    if (asksForJson(words)) checkJsonOutput(words, { out, code })
    return { code, out, err }
  }

  /** Runs what must succeed, and returns its standard output. */
  async ok(...words: string[]): Promise<string> {
    const ran = await this.run(words)
    if (ran.code !== 0) throw new Error(`esc ${words.join(' ')} exited with ${ran.code}: ${ran.err}`)
    return ran.out
  }

  /** A store with one environment that holds this definition. */
  async withEnvironment(name: string, definition: string): Promise<this> {
    if (!readdirSync(this.folder).includes('environments')) await this.ok('init')
    const made = await this.run(['env', 'init', name, '--file', '-'], { input: definition })
    if (made.code !== 0) throw new Error(`${made.out}${made.err}`)
    return this
  }

  /** A digest of every byte below a folder (default: the store), but for the audit log. */
  digest(folder = this.store): string {
    return digestOf(folder)
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
