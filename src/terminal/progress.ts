import { bold, dim, green, red } from './colour.ts'
import { displayWidth } from './display-width.ts'
import { hasColour, type Io } from './io.ts'

export interface ProgressLine {
  readonly label: string
  readonly text: string
  readonly state: 'running' | 'succeeded' | 'failed'
}

/**
 * A block of lines on standard error, one a label, rewritten in place while things go on. Draws nothing unless standard error is a
 * terminal.
 */
export class ProgressBlock {
  readonly #io: Io
  readonly #lines = new Map<string, ProgressLine>()
  readonly #enabled: boolean
  #drawn = 0

  constructor(io: Io) {
    this.#io = io
    this.#enabled = io.stderrIsTerminal && io.env.TERM !== 'dumb'
  }

  update(line: ProgressLine): void {
    if (!this.#enabled) return
    this.#lines.set(line.label, line)
    this.#draw()
  }

  /** Writes a text above the block. */
  note(text: string): void {
    if (this.#enabled) this.#clear()
    this.#io.err(text)
    if (this.#enabled) this.#draw()
  }

  /** Leaves the lines as they stand. */
  end(): void {
    this.#lines.clear()
    this.#drawn = 0
  }

  #clear(): void {
    if (this.#drawn > 0) this.#io.err(`\u001b[${this.#drawn}A\u001b[0J`)
    this.#drawn = 0
  }

  #draw(): void {
    const colour = hasColour(this.#io, 'stderr')
    const columns = this.#io.columns ?? 80
    const widest = Math.max(...[...this.#lines.values()].map(({ label }) => displayWidth(label)))
    const drawn = [...this.#lines.values()].map((line) => render(line, widest, columns, colour))
    this.#clear()
    this.#io.err(drawn.map((line) => `${line}\n`).join(''))
    this.#drawn = drawn.length
  }
}

const MARKS = { running: '…', succeeded: '✓', failed: '✗' } as const

function render({ label, text, state }: ProgressLine, widest: number, columns: number, colour: boolean): string {
  const padded = label + ' '.repeat(Math.max(0, widest - displayWidth(label)))
  // A line that wraps would break the arithmetic of rewriting it.
  const room = Math.max(0, columns - widest - 6)
  const shown = text.length > room ? `${text.slice(0, Math.max(0, room - 1))}…` : text
  const mark = MARKS[state]
  if (!colour) return `${mark} ${padded}  ${shown}`
  const paint = state === 'succeeded' ? green : state === 'failed' ? red : dim
  return `${paint(mark)} ${bold(padded)}  ${state === 'running' ? dim(shown) : shown}`
}
