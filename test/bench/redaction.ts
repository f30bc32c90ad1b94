import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const program = join(root, 'bin', 'run.cjs')
const SECRETS = 100

export interface RedactionBench {
  readonly megabytes: number
  readonly rounds: number
  /** Fails below this. */
  readonly leastMegabytesPerSecond: number
}

/**
 * How fast output passes through `esc run` with 100 secrets to be hidden in it, start-up included,
 * and the same program without esc. The output is a log with a secret in every hundredth line; what
 * arrives is read by `wc -c`.
 */
export async function benchRedaction({ megabytes, rounds, leastMegabytesPerSecond }: RedactionBench): Promise<void> {
  if (!existsSync(join(root, 'dist', 'cli.cjs'))) throw new Error('run "npm run build" first')
  const folder = mkdtempSync(join(tmpdir(), 'esc-bench-'))
  const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ESC_STORE: ___, ...inherited } = process.env
  const env = {
    ...inherited,
    HOME: folder,
    ESC_CONFIG_HOME: join(folder, 'config'),
    ESC_AUTHOR: 'Bench <b@example.com>',
  }
  try {
    const secrets = Array.from({ length: SECRETS }, (_, i) => secretOf(i))
    const variables = secrets.map((secret, i) => `    SECRET_${i}: {fn::secret: ${JSON.stringify(secret)}}\n`).join('')
    writeFileSync(join(folder, 'bench.yaml'), `values:\n  environmentVariables:\n${variables}`)
    for (const words of [['init'], ['env', 'init', 'app/bench', '-f', 'bench.yaml']]) {
      const made = spawnSync(process.execPath, [program, ...words], { cwd: folder, env, encoding: 'utf8' })
      if (made.status !== 0) throw new Error(`esc ${words.join(' ')} exited with ${made.status}: ${made.stderr}`)
    }
    const block = logOf(secrets)
    writeFileSync(join(folder, 'log'), block)
    const blocks = Math.ceil((megabytes * 1e6) / block.length / 8) * 8
    const bytes = blocks * block.length
    const child = [
      'sh',
      '-c',
      'i=0; while [ $i -lt "$1" ]; do cat log log log log log log log log; i=$((i+8)); done',
      'sh',
    ]
    child.push(String(blocks))
    const place = { cwd: folder, env }
    const times = { alone: [] as number[], run: [] as number[] }
    let arrived = 0
    for (let round = 0; round < rounds; round++) {
      times.alone.push((await throughPipe(child, place)).ms)
      const run = await throughPipe([process.execPath, program, 'run', 'app/bench', '--', ...child], place)
      times.run.push(run.ms)
      arrived = run.bytes
    }
    const speed = bytes / 1e3 / Math.min(...times.run)
    console.log(`output of ${(bytes / 1e6).toFixed(0)} MB with ${SECRETS} secrets, best of ${rounds}, read by wc`)
    console.log(
      `  without esc                  ${(bytes / 1e3 / Math.min(...times.alone)).toFixed(0).padStart(7)} MB/s`,
    )
    console.log(`  esc run app/bench -- …       ${speed.toFixed(0).padStart(7)} MB/s`)
    const expected = bytes + blocks * hiddenDifference(block, secrets)
    if (arrived !== expected) throw new Error(`${arrived} bytes arrived, ${expected} were expected`)
    if (speed < leastMegabytesPerSecond) throw new Error(`slower than ${leastMegabytesPerSecond} MB/s`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Of the kinds that people have. */
function secretOf(i: number): string {
  const kinds = [
    () => randomBytes(24).toString('base64'),
    () => randomBytes(20).toString('hex'),
    () => `p@ss/${randomBytes(9).toString('base64')}"$`,
    () => `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
    () => `postgres://app:${randomBytes(12).toString('hex')}@db.example.com:5432/app`,
  ]
  return (kinds[i % kinds.length] as () => string)()
}

/** About a megabyte; every hundredth line holds a secret. */
function logOf(secrets: readonly string[]): Buffer {
  let text = ''
  for (let line = 0; text.length < 1e6; line++) {
    text += `2026-03-04T05:06:${String(line % 60).padStart(2, '0')}Z INFO  request id=${randomBytes(8).toString('hex')} GET /api/v1/items/${line} status=200`
    if (line % 100 === 0) text += ` token=${secrets[(line / 100) % secrets.length]}`
    text += '\n'
  }
  return Buffer.from(text)
}

/** What hiding changes in the length of a log. */
function hiddenDifference(log: Buffer, secrets: readonly string[]): number {
  let text = log.toString()
  for (const secret of secrets) text = text.replaceAll(secret, '[secret]')
  return text.length - log.length
}

interface Place {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

/** `words | wc -c` */
async function throughPipe(
  words: readonly string[],
  place: Place,
): Promise<{ readonly ms: number; readonly bytes: number }> {
  const started = process.hrtime.bigint()
  const shell = spawn('sh', ['-c', '"$@" | wc -c', 'sh', ...words], { ...place, stdio: ['ignore', 'pipe', 'inherit'] })
  const counted = Number(await output(shell))
  return { ms: Number(process.hrtime.bigint() - started) / 1e6, bytes: counted }
}

function output(child: ChildProcess): Promise<string> {
  let text = ''
  child.stdout?.on('data', (bytes) => {
    text += bytes
  })
  return new Promise((done) => child.on('close', () => done(text)))
}
