import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { ended, type Program } from '../end-to-end/program.ts'

export interface ApiAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: data whose shape each test knows
  readonly json: any
}

interface ApiCall {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Empty: none is sent. Default: the one that the server was begun with. */
  readonly token?: string
}

/** `esc server start` of the built program on a store of its own, and a token of an admin. */
export class RunningServer {
  readonly url: string
  readonly token: string
  readonly #child: ChildProcess
  readonly #said: () => string

  private constructor(child: ChildProcess, { url, token, said }: { url: string; token: string; said: () => string }) {
    this.#child = child
    this.url = url
    this.token = token
    this.#said = said
  }

  /** Starts the server of a program's store, and waits until it listens. */
  static async start(
    program: Program,
    words: readonly string[] = [],
    listen = '127.0.0.1:0',
    env: Readonly<Record<string, string>> = {},
  ): Promise<RunningServer> {
    const token = (await program.ok('server', 'token', 'create', '--user', 'root@example.com', '--admin')).trim()
    const child = program.start(['server', 'start', '--listen', listen, ...words], env)
    let said = ''
    const url = await new Promise<string>((resolve, reject) => {
      child.stderr?.on('data', (bytes) => {
        said += bytes
        const [, found] = /listening on (\S+)/.exec(said) ?? []
        if (found !== undefined) resolve(found)
      })
      child.once('close', (code) => reject(new Error(`the server ended with ${code}: ${said}`)))
    })
    return new RunningServer(child, { url, token, said: () => said })
  }

  /** The processor time that the server has used so far, in milliseconds. Linux only. */
  get processorMs(): number {
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    // Of the process itself, in hundredths of a second: user and system.
    return (Number(fields[11]) + Number(fields[12])) * 10
  }

  /** All that the server has printed so far. */
  get said(): string {
    return this.#said()
  }

  /** Waits until the server has printed something. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = Date.now() + 30_000
    for (;;) {
      const found = pattern.exec(this.said)
      if (found !== null) return found
      if (Date.now() > deadline) throw new Error(`no ${pattern} in: ${this.said}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** Sends a signal, and does not wait. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Resolves once the process has ended, with the signal that has ended it. */
  ended(): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }> {
    const { exitCode: code, signalCode: signal } = this.#child
    if (code !== null || signal !== null) return Promise.resolve({ code, signal })
    return new Promise((resolve) => this.#child.once('close', (code, signal) => resolve({ code, signal })))
  }

  /** A request with the path exactly as it is given: `fetch` would tidy it. */
  call(method: string, path: string, { body, headers = {}, token = this.token }: ApiCall = {}): Promise<ApiAnswer> {
    const bytes = body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    const { hostname, port } = new URL(this.url)
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: hostname,
          port,
          method,
          path,
          headers: {
            ...(token !== '' && { authorization: `token ${token}` }),
            ...(bytes && { 'content-length': String(bytes.length) }),
            'content-type': 'application/json',
            ...headers,
          },
        },
        (answer) => {
          const parts: Buffer[] = []
          answer.on('data', (part) => parts.push(part))
          answer.on('error', reject)
          answer.on('end', () => {
            const text = Buffer.concat(parts).toString()
            let json: unknown
            try {
              json = JSON.parse(text)
            } catch {}
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json })
          })
        },
      )
      sent.on('error', reject)
      sent.end(bytes)
    })
  }

  /** Ends the server as a signal does, and returns its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode
    const over = ended(this.#child)
    this.#child.kill(signal)
    return (await over).code
  }
}
