import { request } from 'node:https'

/** Options of TLS, named as in `tls.connect`. Certificates and keys are PEM. */
export interface TlsOptions {
  /** Certificate authorities instead of the system's. */
  readonly ca?: readonly string[]
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
  readonly rejectUnauthorized?: boolean
}

/**
 * A `fetch` for `https` URLs with TLS options, which the one of Node does not take. Follows no
 * redirect, and keeps no connection.
 */
export function tlsFetch(options: TlsOptions): typeof globalThis.fetch {
  return (input, init = {}) =>
    new Promise((resolve, reject) => {
      const fail = (cause: unknown) =>
        reject(init.signal?.aborted ? init.signal.reason : new TypeError('fetch failed', { cause }))
      const { ca, ...rest } = options
      try {
        const sent = request(
          String(input),
          {
            ...rest,
            ...(ca !== undefined && { ca: [...ca] }),
            agent: false,
            method: init.method ?? 'GET',
            headers: init.headers as Record<string, string>,
            ...(init.signal && { signal: init.signal }),
          },
          (answer) => {
            const chunks: Buffer[] = []
            answer.on('data', (chunk: Buffer) => void chunks.push(chunk))
            answer.on('error', fail)
            answer.on('end', () => {
              const headers = new Headers()
              for (const [name, value] of Object.entries(answer.headers)) headers.set(name, String(value))
              const status = answer.statusCode ?? 500
              const body = [204, 205, 304].includes(status) ? null : Buffer.concat(chunks)
              resolve(new Response(body, { status, headers }))
            })
          },
        )
        sent.on('error', fail)
        sent.end(typeof init.body === 'string' ? init.body : undefined)
      } catch (error) {
        // Certificates and keys that OpenSSL cannot read. Their text is not repeated.
        fail({ code: (error as { code?: unknown }).code ?? 'bad TLS settings' })
      }
    })
}
