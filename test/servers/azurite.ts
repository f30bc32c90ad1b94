import { createHmac } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { present } from '../../src/present.ts'
import type { Authority } from './authority.ts'
import { findBinary, missingBinaries } from './binary.ts'
import { startDaemon } from './daemon.ts'

/** Azure's own emulator of blobs, which checks keys, shared access signatures and tokens. */
export interface AzuriteServer {
  readonly port: number
  readonly account: string
  /** The key of the account, in base64. */
  readonly key: string
  put(container: string, name: string, content: string): Promise<void>
  /** A shared access signature for reading what is in the account, or what `permissions` say. */
  sas(options: { readonly permissions?: string; readonly expires?: Date }): string
  /** Stands for `fetch`: each host is taken for this server. */
  readonly fetch: typeof fetch
  stop(): Promise<void>
}

export const missingAzurite = () => missingBinaries('azurite-blob')
export const azuritePackages = 'npm, then: npm install azurite@3.35.0 in a folder whose node_modules/.bin is in PATH'

const account = 'escstates'
const key = Buffer.from('the key of the account of the emulator, which is not a secret').toString('base64')
const version = '2021-12-02'

export async function startAzurite(authority: Authority): Promise<AzuriteServer> {
  const folder = mkdtempSync(join(tmpdir(), 'esc-azurite-'))
  const { key: tlsKey, certificate } = authority.issue({
    name: 'azurite',
    names: `IP:127.0.0.1,DNS:${account}.blob.core.windows.net`,
  })
  writeFileSync(join(folder, 'key.pem'), tlsKey)
  writeFileSync(join(folder, 'cert.pem'), certificate)
  process.env.AZURITE_ACCOUNTS = `${account}:${key}`
  const daemon = await startDaemon({
    folder,
    command: present(findBinary('azurite-blob')),
    args: (port) => [
      ...['--blobHost', '127.0.0.1', '--blobPort', String(port), '--inMemoryPersistence', '--disableTelemetry'],
      ...['--cert', join(folder, 'cert.pem'), '--key', join(folder, 'key.pem'), '--oauth', 'basic'],
    ],
    ready: /successfully listens/,
  }).finally(() => delete process.env.AZURITE_ACCOUNTS)
  const { port } = daemon
  const exchange = async (url: URL, method: string, headers: Record<string, string>, body = '') =>
    new Promise<Response>((resolve, reject) => {
      const options = { method, headers: { ...headers, host: url.host }, ca: authority.certificate, agent: false }
      const sent = request(`https://127.0.0.1:${port}${url.pathname}${url.search}`, options, (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => void chunks.push(chunk))
        answer.on('end', () => {
          const status = answer.statusCode ?? 0
          resolve(new Response(Buffer.concat(chunks), { status, headers: answer.headers as Record<string, string> }))
        })
      })
      sent.on('error', reject)
      sent.end(body)
    })
  const put = async (path: string, query: string, body: string, blob: boolean) => {
    const date = new Date().toUTCString()
    const type: Record<string, string> = blob ? { 'x-ms-blob-type': 'BlockBlob' } : {}
    const headers: Record<string, string> = { ...type, 'x-ms-date': date, 'x-ms-version': version }
    const length = body === '' ? '' : String(Buffer.byteLength(body))
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`)
    const resource = `/${account}/${account}${path}${query === '' ? '' : `\n${query.replace('=', ':')}`}`
    const text = `PUT\n\n\n${length}\n\n\n\n\n\n\n\n\n${lines.join('')}${resource}`
    const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64')
    const all = { ...headers, authorization: `SharedKey ${account}:${signature}`, 'content-length': length || '0' }
    const url = new URL(`https://127.0.0.1:${port}/${account}${path}${query === '' ? '' : `?${query}`}`)
    const answer = await exchange(url, 'PUT', all, body)
    if (answer.status !== 201 && answer.status !== 409)
      throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  }
  return {
    port,
    account,
    key,
    async put(container, name, content) {
      await put(`/${container}`, 'restype=container', '', false)
      await put(`/${container}/${name.split('/').map(encodeURIComponent).join('/')}`, '', content, true)
    },
    sas: ({ permissions = 'r', expires = new Date(Date.now() + 3600_000) }) => sasOf(permissions, expires),
    fetch: async (input, init) =>
      exchange(new URL(String(input)), init?.method ?? 'GET', init?.headers as Record<string, string>),
    stop: () => daemon.stop(),
  }
}

/** https://learn.microsoft.com/rest/api/storageservices/create-account-sas */
function sasOf(permissions: string, expires: Date): string {
  const se = `${expires.toISOString().slice(0, 19)}Z`
  const parts = [account, permissions, 'b', 'sco', '', se, '', '', version, '']
  const sig = createHmac('sha256', Buffer.from(key, 'base64'))
    .update(`${parts.join('\n')}\n`)
    .digest('base64')
  return `?${new URLSearchParams({ sv: version, ss: 'b', srt: 'sco', sp: permissions, se, sig })}`
}
