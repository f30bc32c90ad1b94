import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** So long, and for so many bytes, a client may go on with a body that nobody wants. */
const lingersMs = 2_000
const lingersBytes = 64 << 20

/**
 * Closes the connection after an answer that was given before the whole body was there, such as
 * 413: the rest of the body would keep it busy as long as the client likes. What a client is still
 * sending is thrown away for a moment, because a connection that is cut at once loses the answer on
 * its way (RFC 9112, 9.6). No further request is taken from it.
 */
export function closingEarly(listener: RequestListener): RequestListener {
  const closing = new WeakSet<Socket>()
  return (incoming, outgoing) => {
    const { socket } = incoming
    if (closing.has(socket)) return void socket.destroy()
    if (hasBody(incoming)) {
      beforeHead(outgoing, () => {
        if (incoming.complete) return
        outgoing.setHeader('connection', 'close')
        closing.add(socket)
        lingerOnceEnded(socket, incoming)
      })
    }
    return listener(incoming, outgoing)
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || !['0', undefined].includes(headers['content-length'])
}

/** Calls back once, before the head of an answer is written, however it comes to that. */
function beforeHead(outgoing: ServerResponse, hear: () => void): void {
  const { writeHead } = outgoing
  outgoing.writeHead = (...words: unknown[]) => {
    outgoing.writeHead = writeHead
    hear()
    return Reflect.apply(writeHead, outgoing, words)
  }
}

/** Node ends a connection after its last answer by `destroySoon`; here that takes longer. */
function lingerOnceEnded(socket: Socket, incoming: IncomingMessage): void {
  let isEnding = false
  socket.destroySoon = () => {
    if (isEnding) return
    isEnding = true
    const timer = setTimeout(() => socket.destroy(), lingersMs)
    socket.once('close', () => clearTimeout(timer))
    let bytes = 0
    incoming.on('data', (part: Uint8Array) => {
      bytes += part.length
      if (bytes > lingersBytes) socket.destroy()
    })
    incoming.once('end', () => socket.destroy())
    incoming.resume()
    socket.end()
  }
}
