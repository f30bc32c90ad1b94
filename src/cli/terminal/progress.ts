import { bold, dim, green, red } from './colour.ts'
import { terminalWidth } from './display-width.ts'
import type { Busy } from './io.ts'
import { hasColour, type Io } from './io.ts'
import { oneLine, prose } from './prose.ts'

export interface ProgressLine {
  readonly label: string
  readonly text: string
  readonly state: 'running' | 'succeeded' | 'failed'
}

/**
 * A block of lines on standard error, one a label, rewritten in place while things go on. Draws
 * nothing unless standard error is a terminal.
 */
export class ProgressBlock implements Busy {
  readonly #io: Io
  readonly #lines = new Map<string, ProgressLine>()
  readonly #enabled: boolean
  #drawn = 0
  #quiet = 0

  constructor(io: Io) {
    this.#io = io
    this.#enabled = io.stderrIsTerminal && io.env.TERM !== 'dumb'
  }

  /**
   * The terminal for everybody else: what they write comes above the block, and
   * questions are left alone.
   */
  above<I extends Io>(io: I): I {
    if (!this.#enabled) return io
    const write = (stream: 'out' | 'err') => ({
      value: (bytes: string | Uint8Array) => {
        this.#clear()
        io[stream](bytes)
        // Below a line that is not complete yet there is no place for the block: it
        // comes with the next update.
        if (Buffer.from(bytes as string).at(-1) === 0x0a) this.#draw()
      },
    })
    const over = { out: write('out'), err: write('err'), busy: { value: this }, behind: { value: io } }
    return Object.create(io, over) as I
  }

  get isDrawn(): boolean {
    return this.#drawn > 0
  }

  update(line: ProgressLine): void {
    if (!this.#enabled) return
    this.#lines.set(line.label, { ...line, label: oneLine(line.label), text: oneLine(line.text) })
    this.#draw()
  }

  /** Every line says already what is going on. */
  say(): void {}

  async quietly<T>(work: () => Promise<T>): Promise<T> {
    this.#quiet++
    this.#clear()
    try {
      return await work()
    } finally {
      this.#quiet--
      this.#draw()
    }
  }

  /** Leaves the lines as they stand. */
  end(): void {
    this.#lines.clear()
    this.#drawn = 0
  }

  #clear(): void {
    // From the first column: what somebody types, such as Ctrl-C, is echoed below the block.
    if (this.#drawn > 0) this.#io.err(Buffer.from(`\r\u001b[${this.#drawn}A\u001b[0J`))
    this.#drawn = 0
  }

  #draw(): void {
    if (this.#quiet > 0 || this.#lines.size === 0) return
    const colour = hasColour(this.#io, 'stderr')
    const columns = this.#io.columns ?? 80
    const widest = Math.max(...[...this.#lines.values()].map(({ label }) => terminalWidth(label)))
    const drawn = [...this.#lines.values()].map((line) => render(line, widest, columns, colour))
    this.#clear()
    this.#io.err(Buffer.from(prose(drawn.map((line) => `${line}\n`).join(''))))
    this.#drawn = drawn.length
  }
}

const MARKS = { running: '…', succeeded: '✓', failed: '✗' } as const

function render({ label, text, state }: ProgressLine, widest: number, columns: number, colour: boolean): string {
  const padded = label + ' '.repeat(Math.max(0, widest - terminalWidth(label)))
  // A line that wraps would break the arithmetic of rewriting it.
  const room = Math.max(0, columns - widest - 6)
  const shown = text.length > room ? `${text.slice(0, Math.max(0, room - 1))}…` : text
  const mark = MARKS[state]
  if (!colour) return `${mark} ${padded}  ${shown}`
  const paint = state === 'succeeded' ? green : state === 'failed' ? red : dim
  return `${paint(mark)} ${bold(padded)}  ${state === 'running' ? dim(shown) : shown}`
}
