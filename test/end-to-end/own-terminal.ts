import { Program } from './program.ts'

type Pty = typeof import('@lydell/node-pty')

/** The library that tests make a terminal with; undefined where there is none for this platform. */
export async function loadPty(): Promise<Pty | undefined> {
  try {
    // One level down: the package is of the other kind.
    const loaded = (await import('@lydell/node-pty')) as Pty & { readonly default?: Pty }
    return loaded.default ?? loaded
  } catch {
    return undefined
  }
}

/** A command line of esc, or of a shell, typed into a terminal. */
export class OwnTerminal {
  #screen = ''
  #ended: number | undefined
  readonly #pty: import('@lydell/node-pty').IPty

  constructor(library: Pty, program: Program, words: readonly string[], file = process.execPath) {
    const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ESC_PASSPHRASE: ___, ...inherited } = process.env
    this.#pty = library.spawn(file, [...words], {
      cols: 90,
      rows: 20,
      cwd: program.folder,
      env: { ...inherited, ...program.env, ESC: `"${process.execPath}" "${Program.path}"`, TERM: 'xterm' },
    })
    this.#pty.onData((text) => {
      this.#screen += text
    })
    this.#pty.onExit(({ exitCode, signal }) => {
      this.#ended = signal ? 128 + signal : exitCode
    })
  }

  /** Everything written on it so far. */
  get screen(): string {
    return this.#screen
  }

  type(keys: string): void {
    this.#pty.write(keys)
  }

  resize(columns: number, rows: number): void {
    this.#pty.resize(columns, rows)
  }

  kill(signal: NodeJS.Signals): void {
    this.#pty.kill(signal)
  }

  /** Waits for a text on the screen, and returns how long that took. */
  async shows(text: string | RegExp, from = 0): Promise<number> {
    const started = performance.now()
    await this.#until(
      () => {
        const shown = this.#screen.slice(from)
        return typeof text === 'string' ? shown.includes(text) : text.test(shown)
      },
      () => `${JSON.stringify(this.#screen.slice(from).slice(-2000))} does not show ${text}`,
    )
    return performance.now() - started
  }

  /** The exit code. */
  async exit(): Promise<number> {
    await this.#until(
      () => this.#ended !== undefined,
      () => `it goes on: ${JSON.stringify(this.#screen.slice(-2000))}`,
    )
    return this.#ended as number
  }

  async #until(holds: () => boolean, problem: () => string): Promise<void> {
    const deadline = performance.now() + 20_000
    while (!holds()) {
      if (performance.now() > deadline) throw new Error(problem())
      await new Promise((done) => setTimeout(done, 5))
    }
  }
}
