import { closeSync, constants, openSync, readSync } from 'node:fs'
import { PassThrough, type Readable } from 'node:stream'
import type { ReadStream } from 'node:tty'

/**
 * A terminal that is quiet for so long after its program has ended is closed, though
 * another may have it open.
 */
const QUIET_MS = 200

/**
 * Keeps a terminal alive until the returned function is called, though no program has it open. Most
 * programs close it a moment before they end, and some do for longer: left alone it would be read
 * to its end then and closed, which kills them (SIGHUP).
 *
 * @param terminal - its path
 */
export function holdTerminal(terminal: string): () => void {
  try {
    const fd = openSync(terminal, constants.O_RDWR | constants.O_NOCTTY)
    return () => closeSync(fd)
  } catch {
    // No path leads to it, as where /dev/pts is not mounted: the program has it nevertheless.
    return () => {}
  }
}

/**
 * All bytes that are written to a terminal until nobody has it open, or
 * until `socket` is destroyed.
 */
export function outputOf(socket: ReadStream, fd: number): Readable {
  const output = new PassThrough()
  // Asked for UTF-8, the library tells the terminal that letters have several
  // bytes; but we want the bytes.
  socket.setEncoding('latin1')
  // Nobody has it open any more: that is its end.
  socket.on('error', () => {})
  socket.on('data', (text: string) => {
    if (!output.write(text, 'latin1')) socket.pause()
  })
  output.on('drain', () => socket.resume())
  // Node takes the hang-up of a terminal for its end, although the kernel still
  // holds some of its output.
  const destroy = socket._destroy.bind(socket)
  socket._destroy = (error, done) => {
    output.end(readRest(fd))
    destroy(error, done)
  }
  return output
}

function readRest(fd: number): Buffer {
  const parts: Buffer[] = []
  try {
    for (;;) {
      const part = Buffer.alloc(65_536)
      const count = readSync(fd, part)
      if (count === 0) break
      parts.push(part.subarray(0, count))
    }
  } catch {
    // Nothing left, or nothing yet.
  }
  return Buffer.concat(parts)
}

/**
 * Closes the terminal of a program that has ended when nothing more comes, however
 * long our own terminal takes.
 */
export function closeWhenQuiet(socket: ReadStream): void {
  if (socket.destroyed) return
  let read = socket.bytesRead
  const looking = setInterval(() => {
    if (!socket.isPaused() && socket.bytesRead === read) socket.destroy()
    read = socket.bytesRead
  }, QUIET_MS)
  socket.once('close', () => clearInterval(looking))
}
