import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { EscError, messageOf } from '../../errors.ts'
import type { TlsFiles } from '../../server/index.ts'
import type { Host } from './host.ts'

/**
 * The files are looked at so often. Watching them would miss links that are replaced above them, as
 * Kubernetes does.
 */
const looksEveryMs = 2_000

interface TlsFlags {
  readonly 'tls-cert': string | undefined
  readonly 'tls-key': string | undefined
}

/**
 * The certificate and the key that flags name. `undefined`: none.
 *
 * @throws EscError `usage` when one is without the other; `io` when one cannot be read.
 */
export function tlsFiles({ 'tls-cert': certificate, 'tls-key': key }: TlsFlags, io: Host): TlsFiles | undefined {
  if (certificate === undefined && key === undefined) return undefined
  if (certificate === undefined || key === undefined) {
    throw new EscError(
      'usage',
      `--tls-${certificate === undefined ? 'key needs --tls-cert' : 'cert needs --tls-key'}`,
      { hint: 'give both' },
    )
  }
  const paths = { certificate: resolve(io.cwd, certificate), key: resolve(io.cwd, key) }
  const files = {
    read: () => ({ certificate: read('tls-cert', paths.certificate), key: read('tls-key', paths.key) }),
    watch(changed: () => void) {
      const unwatch = watch([paths.certificate, paths.key], changed)
      const deafen = io.onInterrupt((signal) => signal === 'SIGHUP' && changed())
      return () => {
        unwatch()
        deafen()
      }
    },
  }
  files.read()
  return files
}

function read(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new EscError('io', `cannot read --${flag} ${path}: ${messageOf(error)}`, { cause: error })
  }
}

/** Calls back once the files have stayed as they are for one look: both are written by then. */
function watch(paths: readonly string[], changed: () => void): () => void {
  let taken = stateOf(paths)
  let before = taken
  const looking = setInterval(() => {
    const now = stateOf(paths)
    if (now !== taken && now === before) {
      taken = now
      changed()
    }
    before = now
  }, looksEveryMs)
  return () => clearInterval(looking)
}

function stateOf(paths: readonly string[]): string {
  try {
    return paths
      .map((path) => statSync(path))
      .map(({ ino, mtimeMs, size }) => `${ino} ${mtimeMs} ${size}`)
      .join()
  } catch (error) {
    return messageOf(error)
  }
}
