import { isMeantHost } from '../../meant-host.ts'
import type { Api } from '../api.ts'
import { Problem } from '../problem.ts'

/** Answers of probes and metrics, on the address of the API or on one of their own. */
export interface Probes {
  /** Returns why the server is not ready. `undefined`: it is. */
  readonly unready: () => Promise<string | undefined>
  /** Prometheus text, format 0.0.4. */
  readonly metrics: () => Promise<string>
}

/**
 * `/healthz`: the process answers. `/readyz`: it can do its work. Both without a token. `/metrics`
 * too, but only where no other machine can ask.
 *
 * @param listens the address that the server listens on, where metrics are served there.
 */
export function probeRoutes(api: Api, { unready, metrics }: Probes, listens: string | undefined): void {
  api.get('/healthz', (c) => c.text('ok\n'))
  api.get('/readyz', async (c) => {
    const problem = await unready()
    return problem === undefined ? c.text('ok\n') : c.text(`${problem}\n`, 503)
  })
  api.get('/metrics', async (c) => {
    if (listens === undefined || !isMeantHost(c.req.header('host'), { listens, names: [] }))
      throw new Problem(404, 'Not Found: metrics are served on an address of their own')
    return c.body(await metrics(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
  })
}
