import type { AddressInfo } from 'node:net'
import { EscError, messageOf } from '../errors.ts'
import { isMeantHost } from '../meant-host.ts'
import { again, input, rich } from '../rich-text.ts'

export interface MetricsServer {
  /** Such as `http://127.0.0.1:9187`. */
  readonly url: string
  close(): Promise<void>
}

/**
 * `9187`, `0.0.0.0:9187`, `[::1]:9187`. Without an address, only this machine is answered. @throws
 * EscError `usage`.
 */
export function parseListenAddress(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|[^:[\]]*):)?([0-9]{1,5})$/.exec(text)
  const port = Number(match?.[2])
  if (!match || port > 65_535) {
    throw new EscError('usage', rich`${input('metrics')} is '${text}', which is not a port`, {
      hint: 'write 9187, or 0.0.0.0:9187',
    })
  }
  return { host: match[1]?.replace(/^\[|\]$/g, '') || '127.0.0.1', port }
}

export interface MetricsAddress {
  readonly host: string
  readonly port: number
  /** Names by which other machines reach the server. */
  readonly names?: readonly string[]
}

interface Answers {
  readonly metrics: () => string | Promise<string>
  /** Returns why all is not well. */
  readonly illness: () => string | undefined
  /** Returns why requests should go elsewhere. Absent: there is no `/readyz`. */
  readonly unready?: () => Promise<string | undefined>
}

/**
 * Answers `/metrics` with the metrics, `/healthz` and `/readyz` with 200 or 503; with 421 where the
 * request means another server. Nothing it says is secret.
 */
export async function serveMetrics(
  address: MetricsAddress,
  { metrics, illness, unready }: Answers,
): Promise<MetricsServer> {
  const { createServer } = await import('node:http')
  const server = createServer((request, response) => {
    const answer = (status: number, text: string) => {
      response.writeHead(status, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', connection: 'close' })
      response.end(request.method === 'HEAD' ? undefined : text)
    }
    const path = request.url?.split('?')[0]
    const { host, names = [] } = address
    if (!isMeantHost(request.headers.host, { listens: host, names }))
      answer(421, 'this host name is not one that the metrics are served under: name it at the start\n')
    else if (request.method !== 'GET' && request.method !== 'HEAD') answer(405, 'method not allowed\n')
    else if (path === '/metrics') Promise.resolve(metrics()).then((text) => answer(200, text))
    else if (path === '/healthz') {
      const problem = illness()
      answer(problem === undefined ? 200 : 503, `${problem ?? 'ok'}\n`)
    } else if (path === '/readyz' && unready !== undefined) {
      unready().then((problem) => answer(problem === undefined ? 200 : 503, `${problem ?? 'ok'}\n`))
    } else answer(404, `there is /metrics${unready === undefined ? '' : ', /readyz'} and /healthz\n`)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new EscError('io', `cannot listen on ${address.host}:${address.port}: ${messageOf(error)}`, {
          hint: rich`choose another port with ${again('metrics')}`,
        }),
      ),
    )
    server.listen(address.port, address.host, resolve)
  })
  const { address: host, port, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${host}]` : host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
