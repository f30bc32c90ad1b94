import { write } from 'node:fs'
import type { Sink } from './redacted-stream.ts'

const RETRY_MS = 5

/**
 * Writes to one of the streams of this process without blocking it: while a reader takes its time,
 * signals must still arrive. Rejects when the reader is gone.
 */
export function fileSink(fd: number): Sink {
  return (bytes) =>
    new Promise((done, fail) => {
      const next = (at: number) => {
        write(fd, bytes, at, bytes.length - at, null, (error, count) => {
          // Somebody has made it non-blocking.
          if (error?.code === 'EAGAIN') setTimeout(next, RETRY_MS, at)
          else if (error) fail(error)
          else if (at + count < bytes.length) next(at + count)
          else done()
        })
      }
      next(0)
    })
}
