import autocannon from 'autocannon'
import { Program } from '../end-to-end/program.ts'
import { RunningServer } from '../server/running-server.ts'
import { newerNode } from '../servers/newer-node.ts'

const writers = 8

/**
 * How many definitions clients of one server replace in a second, and how many environments they
 * open, where the store is in the database.
 *
 * @param url of the database, with a schema in which there is no store yet.
 */
export async function benchServedDatabase(url: string, seconds: number): Promise<void> {
  const node = await newerNode()
  if (node === undefined) return
  const program = new Program()
  program.node = node
  let server: RunningServer | undefined
  try {
    await program.ok('init', '--organization', 'acme')
    const secrets = Array.from({ length: 20 }, (_, index) => `  key${index}: {"fn::secret": "value-${index}"}\n`)
    for (let at = 0; at < writers; at++) await program.withEnvironment(`app/env${at}`, `values:\n${secrets.join('')}`)
    program.env.ESC_DATABASE_URL = url
    await program.ok('server', 'import', 'environments')
    server = await RunningServer.start(program, ['--log', 'off', '--no-scheduler'])
    console.log(`one server on that database, ${writers} connections`)
    for (const environments of [1, writers]) {
      const what = `PATCH, ${environments} environment${environments === 1 ? '' : 's'}`
      await report(server, what, { method: 'PATCH', suffix: '', environments, seconds })
    }
    await report(server, 'open, 20 secrets, cached', { method: 'POST', suffix: '/open', environments: 1, seconds })
  } finally {
    await server?.stop()
    program.remove()
  }
}

interface Asked {
  readonly method: 'PATCH' | 'POST'
  readonly suffix: string
  readonly environments: number
  readonly seconds: number
}

async function report(server: RunningServer, what: string, { method, suffix, environments, seconds }: Asked) {
  let count = 0
  // The first run warms up.
  for (const duration of [seconds / 2, seconds]) {
    const before = await cpuSeconds(server)
    const result = await autocannon({
      url: server.url,
      connections: writers,
      duration,
      requests: Array.from({ length: environments }, (_, at) => ({
        method,
        path: `/api/esc/environments/acme/app/env${at}${suffix}`,
        headers: { authorization: `token ${server.token}` },
        ...(method === 'PATCH' && {
          setupRequest: (request: object) => ({ ...request, body: `values: {count: ${++count}}\n` }),
        }),
      })),
    })
    if (duration !== seconds) continue
    const done = result['2xx']
    const perCpuSecond = done / ((await cpuSeconds(server)) - before)
    console.log(
      `  ${what.padEnd(26)} ${(done / result.duration).toFixed(0).padStart(5)}/s, p99 ${result.latency.p99} ms, ${perCpuSecond.toFixed(0)}/s of processor time of the server; ${result.non2xx} refused`,
    )
  }
}

async function cpuSeconds({ url }: RunningServer): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^process_cpu_seconds_total (\S+)$/m.exec(text)?.[1])
}
