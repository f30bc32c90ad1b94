import { EscError } from '../../errors.ts'
import type { Io } from './io.ts'
import { prose } from './prose.ts'

export interface FrameWatch {
  /** Time between two looks, in milliseconds. */
  readonly intervalMs: number
  /** Returns the frame to show. It may throw: then the reason is seen. */
  readonly frame: () => Promise<string>
}

const screen = {
  /**
   * Another page of the terminal, so that what was on it comes back; no cursor; lines
   * are cut off, not wrapped.
   */
  begin: '\u001b[?1049h\u001b[?25l\u001b[?7l',
  end: '\u001b[?7h\u001b[?25h\u001b[?1049l',
  /**
   * Between these a terminal that understands them draws nothing: a frame is
   * seen whole or not at all.
   */
  hold: '\u001b[?2026h',
  show: '\u001b[?2026l',
}

/**
 * Shows something again and again until Ctrl-C (or another signal to end), and then returns. On
 * a terminal each frame takes the place of the one before: lines are written over, never
 * cleared first, so nothing flickers. Elsewhere frames follow each other. `left`: they are
 * still to be read when this returns.
 */
export async function watch(io: Io, { intervalMs, frame }: FrameWatch): Promise<{ readonly left: boolean }> {
  const ended = new AbortController()
  const stop = io.onInterrupt(() => ended.abort())
  const inPlace = io.stdoutIsTerminal && io.env.TERM !== 'dumb'
  // A program that is killed by a fault leaves the terminal as it was, too.
  const restore = () => io.out(Buffer.from(screen.end))
  try {
    if (inPlace) {
      io.out(Buffer.from(screen.begin))
      process.on('exit', restore)
    }
    while (!ended.signal.aborted) {
      const text = await frame().catch(readable)
      if (ended.signal.aborted) break
      io.out(inPlace ? Buffer.from(overwritten(prose(text), io.rows ?? 24)) : `${text.trimEnd()}\n\n`)
      await pause(intervalMs, ended.signal)
    }
    return { left: !inPlace }
  } finally {
    if (inPlace) {
      process.off('exit', restore)
      restore()
    }
    stop()
  }
}

/**
 * A store that is being changed, such as by `git pull`, may be unreadable for a moment:
 * that is no reason to end.
 */
function readable(error: unknown): string {
  if (error instanceof EscError) return `Error: ${error.message}\n`
  throw error
}

/** From the top left corner: each line, then nothing more on it; at the end, nothing below. */
function overwritten(text: string, rows: number): string {
  const lines = text.trimEnd().split('\n')
  const shown = lines.length < rows ? lines : [...lines.slice(0, rows - 2), `… ${lines.length - rows + 2} more lines`]
  return `${screen.hold}\u001b[H${shown.map((line) => `${line}\u001b[K`).join('\n')}\u001b[J${screen.show}`
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    // Another size of the window is to be seen at once.
    process.once('SIGWINCH', done)
    signal.addEventListener('abort', done, { once: true })
    function done() {
      clearTimeout(timer)
      process.off('SIGWINCH', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}
