import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  /** Default: that of the place. */
  readonly folder?: string
}

export interface Place {
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
}

/** A home of its own, and nothing that changes how Node starts. */
export function calmEnvironment(folder: string): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ESC_STORE: ___, XDG_CACHE_HOME: ____, ...inherited } = process.env
  return {
    ...inherited,
    HOME: folder,
    ESC_CONFIG_HOME: join(folder, 'config'),
    ESC_AUTHOR: 'Bench <bench@example.com>',
  }
}

/** Milliseconds that commands take, one after the other. Throws when one fails. */
export function timeOf(commands: readonly Command[], { folder, env }: Place): number {
  const started = process.hrtime.bigint()
  for (const { file, args, folder: own = folder } of commands) {
    const { status, error, stderr } = spawnSync(file, args, { cwd: own, env, stdio: ['ignore', 'pipe', 'pipe'] })
    if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}: ${error?.message ?? stderr}`)
  }
  return Number(process.hrtime.bigint() - started) / 1e6
}

/**
 * The times of each case in so many rounds, each in an order of its own. The first round, which
 * fills caches, does not count.
 */
export function takeTurns(
  cases: readonly { readonly name: string; readonly commands: readonly Command[] }[],
  rounds: number,
  place: Place,
): Map<string, number[]> {
  const times = new Map<string, number[]>(cases.map(({ name }) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const { name, commands } of shuffled(cases)) {
      const ms = timeOf(commands, place)
      if (round > 0) times.get(name)?.push(ms)
    }
  }
  return times
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] as number
}

export function minimum(values: readonly number[]): number {
  return Math.min(...values)
}

function shuffled<T>(items: readonly T[]): T[] {
  const result = [...items]
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[result[i], result[j]] = [result[j] as T, result[i] as T]
  }
  return result
}
