import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findBinary, freePort } from '../servers/binary.ts'

/** OpenBao without TLS, with one secret of 20 members to be read. */
export interface BenchedOpenBao {
  readonly url: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Seconds of processor time that it has used. */
  cpuSeconds(): number
  stop(): Promise<void>
}

/** Clock ticks in a second, as `/proc` counts them on Linux. */
const ticks = 100

/** @param storage `inmem`, or `raft`: on the disk. */
export async function startBenchedOpenBao(storage: 'inmem' | 'raft'): Promise<BenchedOpenBao> {
  const folder = mkdtempSync(join(tmpdir(), 'esc-bench-openbao-'))
  mkdirSync(join(folder, 'data'))
  const configuration = join(folder, 'config.hcl')
  const port = await freePort()
  const kept =
    storage === 'raft' ? `storage "raft" {\n path = "${folder}/data"\n node_id = "one"\n}` : 'storage "inmem" {}'
  const listener = `listener "tcp" {\n address = "127.0.0.1:${port}"\n tls_disable = true\n}`
  writeFileSync(
    configuration,
    `${kept}\n${listener}\napi_addr = "http://127.0.0.1:${port}"\ncluster_addr = "http://127.0.0.1:${await freePort()}"\n`,
  )
  const child = spawn(findBinary('bao') ?? 'bao', ['server', `-config=${configuration}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  await new Promise<void>((resolve, reject) => {
    let said = ''
    const hear = (bytes: unknown) => {
      said += bytes
      if (/server started!/.test(said)) resolve()
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('close', () => reject(new Error(`OpenBao ended: ${said}`)))
  })
  const url = `http://127.0.0.1:${port}`
  let token = ''
  const call = async (method: string, path: string, body: object) => {
    const headers = { 'content-type': 'application/json', 'x-vault-token': token }
    const answer = await fetch(`${url}/v1/${path}`, { method, headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return answer.status === 204 ? {} : ((await answer.json()) as Record<string, unknown>)
  }
  const made = await call('PUT', 'sys/init', { secret_shares: 1, secret_threshold: 1 })
  await call('PUT', 'sys/unseal', { key: (made.keys as string[])[0] })
  token = made.root_token as string
  const secret = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`key${at}`, `value-${at}`]))
  // It becomes the leader of itself, and upgrades a new mount, in a moment.
  await patiently(() => call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } }))
  await patiently(() => call('POST', 'secret/data/app', { data: secret }))
  return {
    url,
    path: '/v1/secret/data/app',
    headers: { 'x-vault-token': token },
    cpuSeconds() {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
      return (Number(fields[11]) + Number(fields[12])) / ticks
    },
    async stop() {
      const ended = new Promise((done) => child.once('exit', done))
      child.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function patiently<T>(act: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await act()
    } catch (error) {
      if (tries > 100) throw error
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}
