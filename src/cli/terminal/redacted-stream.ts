import type { Readable } from 'node:stream'
import { IDLE_MS, IMPATIENT_MS, LINE_END_MS, type Redactor } from '../../masking/redactor/index.ts'

/**
 * Takes bytes in order; the promise is fulfilled when they are written, and rejected when
 * nobody reads them any more.
 */
export type Sink = (bytes: Uint8Array) => Promise<void>

/** So much may wait to be written before the program has to wait too. */
const MOST_WAITING = 1 << 20

export interface RedactedStream {
  readonly from: Readable
  /** `undefined` when nothing is hidden. */
  readonly redactor: Redactor | undefined
  readonly sink: Sink
  /** True when somebody may sit before it. */
  readonly toTerminal: boolean
}

/**
 * Writes what a program prints, as it comes. When the reader goes away the stream is closed, as
 * the program's own would be.
 */
export function writeRedacted({ from, redactor, sink, toTerminal }: RedactedStream): Promise<void> {
  let waiting = 0
  let ended = false
  return new Promise((done) => {
    let last: Promise<void> = Promise.resolve()
    const emit = (bytes: Uint8Array) => {
      if (bytes.length === 0 || ended) return
      waiting += bytes.length
      if (waiting > MOST_WAITING) from.pause()
      last = last
        .then(() => sink(bytes))
        .then(() => {
          waiting -= bytes.length
          if (waiting <= MOST_WAITING) from.resume()
        })
      last.catch(stop)
    }
    const stop = () => {
      ended = true
      from.destroy()
      done()
    }
    const pause = redactor && pauses(redactor, toTerminal, emit)
    from.on('data', (chunk: Buffer) => {
      emit(redactor === undefined ? chunk : redactor.push(chunk))
      pause?.start()
    })
    const finish = () => {
      pause?.stop()
      if (redactor !== undefined) emit(redactor.end())
      last.then(done, stop)
    }
    from.on('error', finish)
    from.on('end', finish)
    from.on('close', finish)
  })
}

/** Bytes held back are let go, or a mask is shown, when nothing more comes. */
function pauses(redactor: Redactor, toTerminal: boolean, emit: (bytes: Uint8Array) => void) {
  let idle: NodeJS.Timeout | undefined
  let impatient: NodeJS.Timeout | undefined
  let look: NodeJS.Immediate | undefined
  const stop = () => {
    clearTimeout(idle)
    clearTimeout(impatient)
    clearImmediate(look)
  }
  // On a busy machine the time may be over although more has come, which has not been read
  // yet: that is read first.
  const unlessMoreCame = (act: () => Uint8Array) => () => {
    look = setImmediate(() => emit(act()))
  }
  return {
    stop,
    start() {
      stop()
      if (!redactor.holds) return
      const ms = redactor.atLineEnd ? LINE_END_MS : IDLE_MS
      idle = setTimeout(
        unlessMoreCame(() => redactor.idle()),
        ms,
      )
      if (toTerminal)
        impatient = setTimeout(
          unlessMoreCame(() => redactor.impatient()),
          IMPATIENT_MS,
        )
    },
  }
}
