import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const program = join(root, 'bin', 'run.cjs')

const DEFINITION = `values:
  admin:
    fn::rotate::password:
      inputs: {length: 24}
  words:
    fn::rotate::passphrase:
      inputs: {}
  environmentVariables:
    ADMIN_PASSWORD: \${admin.current}
`

export interface StartupBench {
  readonly rounds: number
}

/**
 * Wall time of whole commands, as ratios to `node -e 0`. The variants take turns, so that a busy machine slows all of them alike;
 * medians are compared. NODE_EXTRA_CA_CERTS triples the start of a bare Node 20, which would flatter every ratio: it is unset.
 */
export async function benchStartup({ rounds }: StartupBench): Promise<void> {
  if (!existsSync(join(root, 'dist', 'cli.cjs'))) throw new Error('run "npm run build" first')
  const folder = mkdtempSync(join(tmpdir(), 'esc-bench-'))
  const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ESC_STORE: ___, ...inherited } = process.env
  const env = {
    ...inherited,
    HOME: folder,
    ESC_CONFIG_HOME: join(folder, 'config'),
    ESC_AUTHOR: 'Bench <bench@example.com>',
  }
  const run = (args: readonly string[]) => {
    const started = process.hrtime.bigint()
    const result = spawnSync(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const ms = Number(process.hrtime.bigint() - started) / 1e6
    if (result.status !== 0) throw new Error(`node ${args.join(' ')} exited with ${result.status}: ${result.stderr}`)
    return ms
  }
  try {
    writeFileSync(join(folder, 'ci.yaml'), DEFINITION)
    run([program, 'init'])
    run([program, 'env', 'init', 'rotators/ci', '-f', 'ci.yaml'])
    run([program, 'env', 'rotate', 'rotators/ci'])
    const variants: Readonly<Record<string, readonly string[]>> = {
      'node -e 0': ['-e', '0'],
      'esc version': [program, 'version'],
      'esc env open rotators/ci': [program, 'env', 'open', 'rotators/ci'],
      // Each round is a rotation moments after the last.
      'esc env rotate rotators/ci': [program, 'env', 'rotate', 'rotators/ci', '--force'],
    }
    const times = new Map<string, number[]>(Object.keys(variants).map((name) => [name, []]))
    for (let round = 0; round < rounds; round++) {
      for (const [name, args] of shuffled(Object.entries(variants))) times.get(name)?.push(run(args))
    }
    const base = median(times.get('node -e 0') as number[])
    console.log(`start-up, median of ${rounds} runs each, interleaved (Node ${process.version})`)
    for (const [name, values] of times) {
      const ms = median(values)
      console.log(`  ${name.padEnd(28)} ${ms.toFixed(1).padStart(7)} ms  ${(ms / base).toFixed(2)}x`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] as number
}

function shuffled<T>(items: readonly T[]): T[] {
  const result = [...items]
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[result[i], result[j]] = [result[j] as T, result[i] as T]
  }
  return result
}
