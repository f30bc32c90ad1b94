import type { Socket } from 'node:net'
import { connectTo, type ServerAddress } from '../../server-address.ts'
import { serverNameOf, tlsOptions } from '../../tls/index.ts'

/**
 * A reply: simple and bulk strings alike, numbers, nothing, lists. Maps and sets of
 * RESP 3 are never asked for.
 */
export type Reply = string | number | null | readonly Reply[]

/** The server's own error, such as `WRONGPASS invalid username-password pair`. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError'

  /** The first word, such as `WRONGPASS`. */
  get code(): string {
    return /^[A-Z]+/.exec(this.message)?.[0] ?? 'ERR'
  }
}

export interface RespOptions {
  readonly server: ServerAddress
  readonly connectMs: number
  readonly commandMs: number
}

/**
 * One connection, one command at a time (RESP 2,
 * https://redis.io/docs/latest/develop/reference/protocol-spec/). Not by a client library: those
 * are 190 and 416 kB minified for the five commands needed here. They also reconnect and send again
 * by themselves, which a rotation must not do, until they are told not to.
 */
export class RespConnection {
  readonly #socket: Socket
  readonly #commandMs: number
  #received: Buffer = Buffer.alloc(0)
  #waiting: { resolve(reply: Reply): void; reject(error: Error): void } | undefined
  #broken: Error | undefined

  private constructor(socket: Socket, commandMs: number) {
    this.#socket = socket
    this.#commandMs = commandMs
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', (error) => this.#break(error))
    socket.on('close', () => this.#break(Object.assign(new Error('closed'), { code: 'ECONNRESET' })))
  }

  static async open({ server, connectMs, commandMs }: RespOptions): Promise<RespConnection> {
    const { connect: connectTls } = await import('node:tls')
    const { isIP } = await import('node:net')
    const tls = tlsOptions(server)
    const host = serverNameOf(server)
    return new Promise((resolve, reject) => {
      const plain = connectTo(server)
      const socket =
        tls === false
          ? plain
          : connectTls({ socket: plain, host, ...(isIP(host) === 0 && { servername: host }), ...tls })
      if (socket !== plain) plain.on('error', (error) => socket.destroy(error))
      // Both sockets may say the same, one after the other.
      socket.on('error', () => {})
      const timer = setTimeout(() => socket.destroy(timeout()), connectMs)
      const fail = (error?: Error) => {
        clearTimeout(timer)
        reject(error ?? Object.assign(new Error('closed'), { code: 'ECONNRESET' }))
      }
      socket.once('error', fail)
      socket.once('close', () => fail())
      socket.once(tls === false ? 'connect' : 'secureConnect', () => {
        clearTimeout(timer)
        socket.off('error', fail)
        resolve(new RespConnection(socket, commandMs))
      })
    })
  }

  /** Throws `ReplyError` for an error of the server, else the network's. */
  command(...words: readonly string[]): Promise<Reply> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#socket.destroy(timeout()), this.#commandMs)
      const ending =
        <T>(end: (result: T) => void) =>
        (result: T) => {
          clearTimeout(timer)
          end(result)
        }
      this.#waiting = { resolve: ending(resolve), reject: ending(reject) }
      const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`)
      this.#socket.write(`*${words.length}\r\n${parts.join('')}`)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    try {
      const parsed = parseReply(this.#received, 0)
      if (parsed === undefined) return
      this.#received = this.#received.subarray(parsed.end)
      const waiting = this.#waiting
      this.#waiting = undefined
      if (parsed.reply instanceof ReplyError) waiting?.reject(parsed.reply)
      else waiting?.resolve(parsed.reply)
    } catch (error) {
      this.#socket.destroy(error as Error)
    }
  }

  #break(error: Error): void {
    this.#broken ??= error
    this.#waiting?.reject(this.#broken)
    this.#waiting = undefined
  }
}

function timeout(): Error {
  return Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })
}

/**
 * The reply that begins at `start`, and where the next one does; undefined:
 * not all of it is there yet.
 */
export function parseReply(
  bytes: Buffer,
  start: number,
): { readonly reply: Reply | ReplyError; readonly end: number } | undefined {
  const lineEnd = bytes.indexOf('\r\n', start)
  if (lineEnd === -1) return undefined
  const kind = String.fromCharCode(bytes[start] ?? 0)
  const line = bytes.toString('utf8', start + 1, lineEnd)
  const end = lineEnd + 2
  if (kind === '+') return { reply: line, end }
  if (kind === '-') return { reply: new ReplyError(line), end }
  const number = Number(line)
  if (!Number.isSafeInteger(number) || line === '') throw notRedis()
  if (kind === ':') return { reply: number, end }
  if (kind === '$') {
    if (number === -1) return { reply: null, end }
    if (number < 0) throw notRedis()
    if (bytes.length < end + number + 2) return undefined
    return { reply: bytes.toString('utf8', end, end + number), end: end + number + 2 }
  }
  if (kind !== '*') throw notRedis()
  if (number === -1) return { reply: null, end }
  const items: Reply[] = []
  let next = end
  for (let index = 0; index < number; index++) {
    const item = parseReply(bytes, next)
    if (item === undefined) return undefined
    if (item.reply instanceof ReplyError) return { reply: item.reply, end: item.end }
    items.push(item.reply)
    next = item.end
  }
  return { reply: items, end: next }
}

function notRedis(): Error {
  return Object.assign(new Error('this is not Redis'), { code: 'NOT_REDIS' })
}
