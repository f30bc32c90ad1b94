import { dim } from './colour.ts'
import { terminalWidth } from './display-width.ts'
import { type Busy, hasColour, type Io } from './io.ts'
import { oneLine, prose } from './prose.ts'

/** A task that is over by then needs no line. */
const patienceMs = 500
const frameMs = 100
const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

/**
 * One line on standard error, from half a second on, that is gone when there is something else to
 * be read. Undefined where nobody looks. The terminal returned is the given one, whose writing
 * takes the line away first.
 */
export function beginBusy<I extends Io>(io: I, text: string): I | undefined {
  if (!io.stderrIsTerminal || io.env.TERM === 'dumb') return undefined
  const line = new BusyLine(io, text)
  const write = (stream: 'out' | 'err') => ({
    value: (bytes: string | Uint8Array) => {
      line.clear()
      io[stream](bytes)
    },
  })
  return Object.create(io, { out: write('out'), err: write('err'), busy: { value: line }, behind: { value: io } }) as I
}

class BusyLine implements Busy {
  readonly #io: Io
  readonly #timer: NodeJS.Timeout
  readonly #begun = performance.now()
  #text: string
  #drawnAt = 0
  #isDrawn = false
  #quiet = 0
  #ended = false

  constructor(io: Io, text: string) {
    this.#io = io
    this.#text = oneLine(text)
    this.#timer = setInterval(() => this.#draw(), frameMs)
    // Waiting for nothing but the next frame is no reason to stay.
    this.#timer.unref()
  }

  say(text: string): void {
    this.#text = oneLine(text)
    if (performance.now() - this.#drawnAt >= frameMs) this.#draw()
  }

  async quietly<T>(work: () => Promise<T>): Promise<T> {
    this.#quiet++
    this.clear()
    try {
      return await work()
    } finally {
      this.#quiet--
    }
  }

  end(): void {
    this.clear()
    this.#ended = true
    clearInterval(this.#timer)
  }

  clear(): void {
    if (this.#isDrawn) this.#io.err(Buffer.from('\r\u001b[K'))
    this.#isDrawn = false
  }

  #draw(): void {
    const now = performance.now()
    if (this.#ended || this.#quiet > 0 || now - this.#begun < patienceMs) return
    const frame = frames[Math.floor((now - this.#begun) / frameMs) % frames.length]
    // A line that wraps could not be taken away again.
    const room = (this.#io.columns ?? 80) - 4
    const text = terminalWidth(this.#text) <= room ? this.#text : `${this.#text.slice(0, room - 1)}…`
    const line = `${frame} ${text} …`
    const shown = prose(hasColour(this.#io, 'stderr') ? dim(line) : line)
    this.#io.err(Buffer.from(`\r${shown}\u001b[K`))
    this.#drawnAt = now
    this.#isDrawn = true
  }
}
