import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import { Program } from '../end-to-end/program.ts'
import { RunningServer } from '../server/running-server.ts'
import { missingOpenBao } from '../servers/openbao.ts'
import { type BenchedOpenBao, startBenchedOpenBao } from './openbao.ts'

interface ServerBench {
  readonly rounds: number
  readonly seconds: number
  /** Reads of an open session in all, to see whether memory grows. 0: leave that out. */
  readonly reads: number
  /** The least ratio to the bare route that is no failure. */
  readonly leastRatio: number
}

interface Target {
  readonly url: string
  readonly path: string
  readonly method?: 'GET' | 'POST' | 'PATCH'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: () => string
  readonly connections?: number
  /** Seconds of processor time that the server has used. Default: as its metrics say. */
  readonly cpuSeconds?: () => number
}

interface Load {
  /** Requests for each second of processor time of the server. */
  readonly perCpuSecond: number
  readonly perSecond: number
  readonly p99Ms: number
}

const environment = '/api/esc/environments/acme/app/dev'
const appended = '/api/esc/environments/acme/app/append'

/**
 * The server under load, beside a bare route of hono and, where it is installed, OpenBao's reading
 * of a secret, in the same run. What counts is the processor
 * time of the server: other programs of the machine change that little.
 */
export async function benchServer({ rounds, seconds, reads, leastRatio }: ServerBench): Promise<void> {
  const program = new Program()
  let server: RunningServer | undefined
  let bare: ChildProcess | undefined
  const vaults: BenchedOpenBao[] = []
  try {
    await program.ok('init', '--organization', 'acme')
    const secrets = Array.from({ length: 20 }, (_, index) => `  key${index}: {"fn::secret": "value-${index}"}\n`)
    await program.withEnvironment('app/dev', `values:\n${secrets.join('')}`)
    await program.withEnvironment('app/append', 'values: {count: 0}\n')
    server = await RunningServer.start(program, ['--log', 'off', '--no-scheduler'])
    const { url, token } = server
    const { json } = await server.call('POST', `${environment}/open`)
    const opened = await server.call('GET', `${environment}/open/${json.id}`)
    const started = await startBare(opened.text)
    bare = started.child
    const headers = { authorization: `token ${token}` }
    const read = { url, path: `${environment}/open/${json.id}`, headers }
    const labelled = { ...headers, 'content-type': 'application/x-yaml' }
    const targets: Record<string, Target> = {
      'bare route': { url: started.url, path: read.path, headers },
      'read an open session': read,
      'open, 20 secrets, cached': { url, path: `${environment}/open`, method: 'POST', headers },
      'append a revision': {
        url,
        path: appended,
        method: 'PATCH',
        headers: labelled,
        body: nextDefinition(),
        connections: 8,
      },
    }
    if (missingOpenBao().length === 0) {
      for (const storage of ['inmem', 'raft'] as const) {
        const vault = await startBenchedOpenBao(storage)
        vaults.push(vault)
        targets[`OpenBao reads, ${storage}`] = vault
      }
    }
    const loads = new Map<string, Load[]>(Object.keys(targets).map((name) => [name, []]))
    for (let round = 0; round <= rounds; round++) {
      for (const [name, target] of Object.entries(targets)) {
        const load = await measure(target, { duration: seconds })
        // The first round warms up.
        if (round > 0) loads.get(name)?.push(load)
      }
    }
    const medians = new Map([...loads].map(([name, all]) => [name, medianOf(all)]))
    const bareLoad = medians.get('bare route') as Load
    for (const [name, { perCpuSecond, perSecond, p99Ms }] of medians) {
      const ratio = (perCpuSecond / bareLoad.perCpuSecond).toFixed(3)
      console.log(
        `${name.padEnd(26)} ${Math.round(perCpuSecond)}/s of processor time (${ratio} of the bare route), ${Math.round(perSecond)}/s, p99 ${p99Ms} ms`,
      )
    }
    const ratio = (medians.get('read an open session') as Load).perCpuSecond / bareLoad.perCpuSecond
    if (ratio < leastRatio) throw new Error(`reading an open session is ${ratio.toFixed(2)} of a bare route`)
    if (reads > 0) await benchMemory(read, reads)
  } finally {
    bare?.kill('SIGKILL')
    for (const vault of vaults) await vault.stop()
    await server?.stop()
    program.remove()
  }
}

/** Reads so often, and fails where the memory of the second half has grown. */
async function benchMemory(target: Target, reads: number): Promise<void> {
  const seen: number[] = []
  for (let part = 0; part < 10; part++) {
    await measure(target, { amount: Math.ceil(reads / 10) })
    seen.push((await metric(target.url, 'process_resident_memory_bytes')) / 1e6)
  }
  console.log(`memory over ${reads} reads: ${seen.map((megabytes) => Math.round(megabytes)).join(', ')} MB`)
  const [half = 0, last = 0] = [Math.max(...seen.slice(2, 6)), seen.at(-1)]
  if (last > half * 1.25 + 10) throw new Error(`memory has grown from ${half} to ${last} MB`)
}

async function measure(
  { url, path, method = 'GET', headers, body, connections = 20, cpuSeconds }: Target,
  length: { readonly duration: number } | { readonly amount: number },
): Promise<Load> {
  const used = async () => cpuSeconds?.() ?? (await metric(url, 'process_cpu_seconds_total'))
  const before = await used()
  const result = await autocannon({
    url: url + path,
    connections,
    ...length,
    requests: [
      {
        method,
        headers,
        ...(body && { setupRequest: (request: object) => ({ ...request, body: body() }) }),
      },
    ],
  })
  const spent = (await used()) - before
  const done = result['2xx']
  const refused = result.non2xx + result.errors
  if (done === 0 || refused > 0) throw new Error(`${method} ${path}: ${refused} of ${done + refused} were refused`)
  return { perCpuSecond: done / spent, perSecond: done / result.duration, p99Ms: result.latency.p99 }
}

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
}

/** Returns definitions that differ each time: the same again makes no revision. */
function nextDefinition(): () => string {
  let count = 0
  return () => `values: {count: ${++count}}\n`
}

function startBare(body: string): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const script = fileURLToPath(new URL('bare-route.mjs', import.meta.url))
  const child = spawn(process.execPath, [script, body], { stdio: ['ignore', 'ignore', 'pipe'] })
  return new Promise((resolve, reject) => {
    child.stderr.on('data', (bytes) => {
      const [, url] = /listening on (\S+)/.exec(String(bytes)) ?? []
      if (url !== undefined) resolve({ child, url })
    })
    child.once('close', (code) => reject(new Error(`the bare route ended with ${code}`)))
  })
}

function medianOf(loads: readonly Load[]): Load {
  const middle = (of: (load: Load) => number) =>
    loads.map(of).sort((a, b) => a - b)[Math.floor(loads.length / 2)] as number
  return {
    perCpuSecond: middle(({ perCpuSecond }) => perCpuSecond),
    perSecond: middle(({ perSecond }) => perSecond),
    p99Ms: middle(({ p99Ms }) => p99Ms),
  }
}
