import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Relays TCP to a vendor, and holds back what is sent to it while it is told to. */
export class SlowVendor {
  readonly #server
  readonly #sockets = new Set<Socket>()
  #held: (() => void)[] | undefined
  #noted = () => {}

  constructor(target: { readonly host: string; readonly port: number }) {
    this.#server = createServer((client) => {
      const vendor = connect(target.port, target.host)
      for (const [from, to] of [
        [client, vendor],
        [vendor, client],
      ] as const) {
        this.#sockets.add(from)
        from.on('error', () => to.destroy())
        from.on('close', () => to.destroy())
      }
      vendor.on('data', (bytes) => client.write(bytes))
      client.on('data', (bytes) => {
        if (this.#held === undefined) vendor.write(bytes)
        else {
          this.#held.push(() => vendor.write(bytes))
          this.#noted()
        }
      })
    })
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Holds back from now on; resolves once there is something. */
  hold(): Promise<void> {
    this.#held = []
    return new Promise((resolve) => {
      this.#noted = resolve
    })
  }

  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const send of held) send()
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }
}
