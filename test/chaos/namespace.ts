import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server, Socket } from 'node:net'

/**
 * A network namespace with a cable to this machine that can be pulled out. Ports of this machine
 * are within reach at 127.0.0.1 there, too, as long as the cable is in.
 */
export class NetworkNamespace {
  readonly #name: string
  readonly #cable: string
  readonly #servers: readonly Server[]
  readonly #relay: ChildProcess

  private constructor(name: string, cable: string, servers: readonly Server[], relay: ChildProcess) {
    this.#name = name
    this.#cable = cable
    this.#servers = servers
    this.#relay = relay
  }

  /** Returns `undefined` where this process may not make one. */
  static async make(ports: readonly number[]): Promise<NetworkNamespace | undefined> {
    const number = 1 + Math.floor(Math.random() * 250)
    const [name, cable, end] = [`esc-chaos-${number}`, `escc${number}`, `esce${number}`]
    const [here, there] = [`10.213.${number}.1`, `10.213.${number}.2`]
    const ip = (...words: readonly string[]) => execFileSync('ip', words, { stdio: 'ignore' })
    const servers: Server[] = []
    try {
      ip('netns', 'add', name)
      ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', end)
      ip('link', 'set', end, 'netns', name)
      ip('addr', 'add', `${here}/30`, 'dev', cable)
      ip('link', 'set', cable, 'up')
      ip('-n', name, 'addr', 'add', `${there}/30`, 'dev', end)
      ip('-n', name, 'link', 'set', end, 'up')
      ip('-n', name, 'link', 'set', 'lo', 'up')
      for (const port of ports) servers.push(await relayed(here, port, '127.0.0.1'))
      const script = `(${relay})(${JSON.stringify({ ports, host: here })})`
      const child = spawn('ip', ['netns', 'exec', name, process.execPath, '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await once(child.stdout as NodeJS.ReadableStream, 'data')
      return new NetworkNamespace(name, cable, servers, child)
    } catch {
      for (const server of servers) server.close()
      for (const words of [
        ['link', 'del', cable],
        ['netns', 'del', name],
      ]) {
        try {
          ip(...words)
        } catch {}
      }
      return undefined
    }
  }

  /** The words before a command that make it run there. */
  get prefix(): readonly string[] {
    return ['ip', 'netns', 'exec', this.#name]
  }

  /** Pulls the cable out: packets get lost, and connections do not end. */
  cut(): void {
    execFileSync('ip', ['link', 'set', this.#cable, 'down'])
  }

  mend(): void {
    execFileSync('ip', ['link', 'set', this.#cable, 'up'])
  }

  remove(): void {
    this.#relay.kill('SIGKILL')
    for (const server of this.#servers) server.close()
    execFileSync('ip', ['netns', 'del', this.#name])
  }
}

async function relayed(host: string, port: number, to: string): Promise<Server> {
  const server = createServer((near) => {
    const far = new Socket().connect(port, to)
    near.pipe(far).pipe(near)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
  })
  server.listen(port, host)
  await once(server, 'listening')
  server.unref()
  return server
}

/** Runs as a program of its own, so it uses nothing from here. */
const relay = `({ ports, host }) => {
  const net = require('node:net')
  let left = ports.length
  for (const port of ports) {
    const server = net.createServer((near) => {
      const far = net.connect(port, host)
      near.pipe(far).pipe(near)
      for (const [one, other] of [[near, far], [far, near]]) {
        one.on('error', () => other.destroy())
        one.on('close', () => other.destroy())
      }
    })
    server.listen(port, '127.0.0.1', () => --left === 0 && console.log('ready'))
  }
}`
