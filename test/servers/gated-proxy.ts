import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export interface ProxyGate {
  /**
   * Asked before a message goes to the server, and when its answer is back but not handed on.
   * Throws: cut everything.
   */
  pass(at: 'remote', when: 'before' | 'after'): void
}

/**
 * Relays TCP, asking the gate about every message; once that throws, the connection is gone and new
 * ones are refused.
 */
export class GatedProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(target: { readonly host: string; readonly port: number }, enter: () => ProxyGate) {
    this.#server = createServer((client) => {
      const server = connect(target.port, target.host)
      const cut = () => {
        client.destroy()
        server.destroy()
      }
      for (const socket of [client, server]) {
        // Servers that write a message in pieces would wait 40 ms for the rest to be acknowledged.
        socket.setNoDelay(true)
        this.#sockets.add(socket)
        socket.on('close', () => this.#sockets.delete(socket))
        socket.on('error', cut)
      }
      // The gate of the run that opened the connection: a later run's must not be asked about a
      // dead one's messages.
      const gate = enter()
      let asked = false
      const pass = (when: 'before' | 'after', deliver: () => void) => {
        try {
          gate.pass('remote', when)
        } catch {
          cut()
          return
        }
        deliver()
      }
      client.on('data', (chunk) =>
        pass('before', () => {
          asked = true
          server.write(chunk)
        }),
      )
      server.on('data', (chunk) => {
        if (!asked) return void client.write(chunk)
        asked = false
        pass('after', () => client.write(chunk))
      })
      client.on('end', () => server.end())
      server.on('end', () => client.end())
    })
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
