import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Playground, packageRoot } from '../cli/commands/esc.ts'

export interface Ended {
  /** The exit code; null when a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

/** The built program, run as a user runs it, in a folder of its own. */
export class Program extends Playground {
  static readonly path = join(packageRoot, 'bin', 'run.cjs')

  /** The Node that runs it. */
  node = process.execPath
  /** Path of the program that is run: of this package, or of another version. */
  script = Program.path

  static isBuilt(): boolean {
    return existsSync(join(packageRoot, 'dist', 'cli.cjs'))
  }

  /** With a `channel`, descriptor 3 leads here; with `input`, standard input comes from here. */
  start(
    words: readonly string[],
    env: Readonly<Record<string, string | undefined>> = {},
    { channel = false, input = false }: { readonly channel?: boolean; readonly input?: boolean } = {},
  ): ChildProcess {
    const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ESC_PASSPHRASE: ___, ...inherited } = process.env
    return spawn(this.node, [this.script, ...words], {
      cwd: this.folder,
      env: { ...inherited, ...this.env, ...env },
      stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe', ...(channel ? (['pipe'] as const) : [])],
    })
  }

  esc(words: readonly string[], env: Readonly<Record<string, string | undefined>> = {}): Promise<Ended> {
    return ended(this.start(words, env))
  }

  /** Runs a command that must succeed: one of another version in a process of its own. */
  override async ok(...words: string[]): Promise<string> {
    if (this.script === Program.path) return super.ok(...words)
    const { code, out, err } = await this.esc(words)
    if (code !== 0) throw new Error(`esc ${words.join(' ')} exited with ${code}: ${err}`)
    return out
  }

  /** The opened environment, or the value at a path of it. */
  // biome-ignore lint/suspicious/noExplicitAny: data whose shape each test knows
  async open(name: string, path?: string, env: Readonly<Record<string, string | undefined>> = {}): Promise<any> {
    const { code, out, err } = await this.esc(['env', 'open', name, ...(path ? [path] : [])], env)
    if (code !== 0) throw new Error(`esc env open ${name} exited with ${code}: ${err}`)
    return JSON.parse(out)
  }
}

/** One for all tests of a suite, with an environment; where nothing is built, they are skipped. */
export function programWith(name: string, definition: string): Program {
  const program = new Program()
  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    await program.withEnvironment(name, definition)
    return undefined
  })
  after(() => program.remove())
  return program
}

export function ended(child: ChildProcess): Promise<Ended> {
  let out = ''
  let err = ''
  child.stdout?.on('data', (bytes) => {
    out += bytes
  })
  child.stderr?.on('data', (bytes) => {
    err += bytes
  })
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, out, err })))
}
