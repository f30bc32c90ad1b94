import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Returns the path of a Node of this major version: the one that runs, or that of the npm package
 * `node`, which stays in the folder for temporary files for the next run. Rejects where npm cannot
 * get it.
 */
export async function nodeOf(major: number): Promise<string> {
  if (process.version.startsWith(`v${major}.`)) return process.execPath
  const home = join(tmpdir(), `esc-test-node-${major}`)
  const node = join(home, 'node_modules', 'node', 'bin', 'node')
  if (!existsSync(node)) {
    const made = mkdtempSync(`${home}-`)
    const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env
    const install = (...words: readonly string[]) => run('npm', ['i', '--prefix', made, ...words], { env })
    await install('--allow-scripts=node', `node@${major}`).catch(() => install(`node@${major}`))
    await run(join(made, 'node_modules', 'node', 'bin', 'node'), ['--version'])
    try {
      renameSync(made, home)
    } catch {
      // Another process was first.
      rmSync(made, { recursive: true })
    }
  }
  await run(node, ['--version'])
  return node
}

let newer: Promise<string | undefined> | undefined

/**
 * Returns a Node on which a server may have its store in a database. `undefined`: there is none,
 * which is said once.
 */
export function newerNode(): Promise<string | undefined> {
  const [major = 0] = process.versions.node.split('.').map(Number)
  newer ??= nodeOf(major > 22 ? major : 22).catch((error) => {
    console.log(`      skipped: Node 22 cannot be had from the registry: ${String(error).split('\n')[1]}`)
    return undefined
  })
  return newer
}
