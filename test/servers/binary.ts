import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { delimiter, join } from 'node:path'

/**
 * Where a server's program is, or undefined where it is not installed. Daemons may lie outside a
 * user's PATH.
 */
export function findBinary(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/lib/openldap', '/usr/libexec']
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

/** Ends a suite whose server is not installed, and says so where nobody can overlook it. */
export function skipWithout(context: Mocha.Context, missing: readonly string[], packages: string): void {
  if (missing.length === 0) return
  console.log(`    skipped: ${missing.join(', ')} not installed (Debian: apt-get install ${packages})`)
  context.skip()
}

/** Those of the programs that are not installed. */
export function missingBinaries(...names: readonly string[]): string[] {
  return names.filter((name) => findBinary(name) === undefined)
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** An account for daemons that refuse to run as root; undefined where this process does not. */
export function unprivilegedAccount(
  ...names: readonly string[]
): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  for (const name of [...names, 'nobody']) {
    try {
      const id = (option: string) =>
        Number(execFileSync('id', [option, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
      return { uid: id('-u'), gid: id('-g') }
    } catch {}
  }
  return undefined
}
