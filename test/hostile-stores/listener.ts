import { type AddressInfo, createServer } from 'node:net'

export interface Receiver {
  readonly port: number
  readonly connections: () => number
  stop(): void
}

/** Counts who connects, and hangs up. */
export async function startReceiver(): Promise<Receiver> {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    stop: () => server.close(),
  }
}
