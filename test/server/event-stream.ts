import { request } from 'node:http'

interface ServerEvent {
  readonly event: string
  readonly id?: string
  // biome-ignore lint/suspicious/noExplicitAny: data whose shape each test knows
  readonly data: any
}

/** A stream of server-sent events, as `EventSource` reads it. */
export class EventStream {
  readonly events: ServerEvent[] = []
  status = 0
  isOver = false
  readonly #close: () => void

  constructor(url: string, headers: Readonly<Record<string, string>>, { method = 'GET', body = '' } = {}) {
    const sent = request(url, { method, headers: { ...headers, 'content-type': 'application/json' } }, (answer) => {
      this.status = answer.statusCode ?? 0
      let text = ''
      answer.on('data', (bytes) => {
        text += bytes
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          this.#take(text.slice(0, end))
          text = text.slice(end + 2)
        }
      })
      answer.on('close', () => {
        this.isOver = true
      })
    })
    sent.on('error', () => {
      this.isOver = true
    })
    sent.end(body)
    this.#close = () => sent.destroy()
  }

  #take(block: string): void {
    const fields = Object.fromEntries(
      block.split('\n').map((line) => [line.split(': ')[0], line.replace(/^\w+: /, '')]),
    )
    if (fields.data !== undefined)
      this.events.push({ ...fields, event: fields.event ?? '', data: JSON.parse(fields.data) })
  }

  /** Waits until something is so. */
  async until(is: () => boolean): Promise<void> {
    const deadline = Date.now() + 30_000
    while (!is()) {
      if (Date.now() > deadline) throw new Error(`only came: ${JSON.stringify(this.events)}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  close(): void {
    this.#close()
  }
}
