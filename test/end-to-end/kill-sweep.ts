import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pointsOf } from '../sample.ts'
import type { Program } from './program.ts'

const preload = fileURLToPath(new URL('kill-at.cjs', import.meta.url))

/**
 * Rotates again and again, each time killed (SIGKILL) one point later: before every call that
 * changes a file and before every write to a socket. After each kill the same command is run to its
 * end, and `check` must find the remote side and the store in agreement. Returns the points swept,
 * by name.
 */
export async function killSweep(
  program: Program,
  environment: string,
  options: {
    readonly env?: Readonly<Record<string, string>>
    /** Take only every so-manieth point, from a random one on. */
    readonly stride: () => number
    readonly check: (context: string) => Promise<void>
  },
): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'esc-kill-'))
  const swept: string[] = []
  try {
    for (const point of pointsOf(options.stride)) {
      const log = join(folder, `${point}.log`)
      const env = { ...options.env, NODE_OPTIONS: `--require ${preload}` }
      const cut = await program.esc(['env', 'rotate', environment, '--force'], {
        ...env,
        ESC_TEST_KILL_AT: String(point),
        ESC_TEST_KILL_LOG: log,
      })
      if (cut.signal !== 'SIGKILL') break
      const reached = readFileSync(log, 'utf8').trimEnd().split('\n')
      const context = `killed before call ${point} (${reached.at(-1)})`
      swept.push(context)
      const next = await program.esc(['env', 'rotate', environment, '--force'], env)
      if (next.code !== 0)
        throw new Error(`${context}: the next rotation exited with ${next.code}: ${next.out}${next.err}`)
      await options.check(context)
    }
    return swept
  } finally {
    rmSync(folder, { recursive: true })
  }
}
