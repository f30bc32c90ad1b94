import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findBinary, missingBinaries } from './binary.ts'
import { startDaemon } from './daemon.ts'

/** IAM and STS as moto plays them, an independent rendering of the API. */
export interface MotoServer {
  readonly url: string
  stop(): Promise<void>
}

/** What is missing to start one. */
export const missingMoto = () => missingBinaries('moto_server')
export const motoPackages = 'python3-venv, then: pip install "moto[server]" in a venv whose bin is in PATH'

export async function startMoto(): Promise<MotoServer> {
  const daemon = await startDaemon({
    folder: mkdtempSync(join(tmpdir(), 'esc-moto-')),
    command: findBinary('moto_server')!,
    args: (port) => ['-H', '127.0.0.1', '-p', String(port)],
    ready: /Running on/,
  })
  return { url: `http://127.0.0.1:${daemon.port}`, stop: () => daemon.stop() }
}
