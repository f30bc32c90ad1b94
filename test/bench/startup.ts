import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Command, calmEnvironment, median, minimum, takeTurns, timeOf } from './take-turns.ts'

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const program = join(root, 'bin', 'run.cjs')

/** On a machine that does other things, ratios rise; further off than this, something is wrong. */
const FAR_OFF = 2

export interface StartupBench {
  readonly rounds: number
  /** Throws when a ratio is far from its target. */
  readonly strict?: boolean
}

interface Case {
  readonly name: string
  readonly commands: readonly Command[]
  /** What its time is divided by. */
  readonly to?: string
  readonly target?: number
}

/**
 * Wall time of whole commands, as ratios to `node -e 0`. The cases take turns, so that a busy
 * machine slows all of them alike; medians are compared. NODE_EXTRA_CA_CERTS triples the start of a
 * bare Node 20, which would flatter every ratio: it is unset.
 */
export async function benchStartup({ rounds, strict = false }: StartupBench): Promise<void> {
  if (!existsSync(join(root, 'dist', 'cli.cjs'))) throw new Error('run "npm run build" first')
  const folder = mkdtempSync(join(tmpdir(), 'esc-bench-'))
  try {
    const place = { folder, env: calmEnvironment(folder) }
    const esc = (...args: string[]): Command => ({ file: process.execPath, args: [program, ...args] })
    makeStore(folder, (...args) => timeOf([esc(...args)], place))
    // The same, where nothing is kept of what was opened before.
    const evaluated = join(folder, 'evaluated')
    cpSync(join(folder, 'environments'), evaluated, { recursive: true })
    appendFileSync(join(evaluated, 'esc.yaml'), 'cache: off\n')
    const bare: Command = { file: process.execPath, args: ['-e', '0'] }
    // As it is installed, by its name.
    mkdirSync(join(folder, 'node_modules', '@gitesc'), { recursive: true })
    symlinkSync(root, join(folder, 'node_modules', '@gitesc', 'cli'))
    const library: Command = { file: process.execPath, args: ['-e', "import('@gitesc/cli')"] }
    const cases: readonly Case[] = [
      { name: 'node -e 0', commands: [bare] },
      { name: 'node -e 0; true', commands: [bare, { file: 'true', args: [] }] },
      { name: 'esc version', commands: [esc('version')], to: 'node -e 0', target: 1.3 },
      { name: 'esc env open', commands: [esc('env', 'open', 'app/dev')], to: 'node -e 0', target: 1.6 },
      {
        name: 'esc run ENV -- true',
        commands: [esc('run', 'app/dev', '--', 'true')],
        to: 'node -e 0; true',
        target: 1.8,
      },
      { name: "import('@gitesc/cli')", commands: [library], to: 'node -e 0', target: 1.3 },
      {
        name: 'esc env open (cache: off)',
        commands: [esc('env', 'open', 'app/dev', '--store', evaluated)],
        to: 'node -e 0',
      },
      { name: 'esc env open (rotated)', commands: [esc('env', 'open', 'rotators/ci')], to: 'node -e 0' },
      // Each round is a rotation moments after the last.
      { name: 'esc env rotate', commands: [esc('env', 'rotate', 'rotators/ci', '--force')], to: 'node -e 0' },
    ]
    const times = takeTurns(cases, rounds, place)
    console.log(`start-up, ${rounds} runs each, taking turns (Node ${process.version}); 2 imports, 20 secrets`)
    console.log(`  ${'median'.padStart(36)} ${'ratio'.padStart(7)} ${'of minima'.padStart(10)}  at most`)
    for (const { name, to, target } of cases) {
      const own = times.get(name) as number[]
      const base = times.get(to ?? name) as number[]
      const ratio = median(own) / median(base)
      const least = minimum(own) / minimum(base)
      const cells = [
        `  ${name.padEnd(26)} ${median(own).toFixed(1).padStart(6)} ms`,
        `${ratio.toFixed(2)}x`.padStart(7),
        `${least.toFixed(2)}x`.padStart(10),
        target === undefined ? '' : ` ${target}x${Math.min(ratio, least) <= target ? '' : ' !'}`,
      ]
      console.log(cells.join(' '))
      if (strict && target !== undefined && Math.min(ratio, least) > FAR_OFF * target)
        throw new Error(`${name} takes ${ratio.toFixed(2)} times as long as ${to}: far more than ${target}`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const ROTATED = `values:
  admin:
    fn::rotate::password:
      inputs: {length: 24}
  words:
    fn::rotate::passphrase:
      inputs: {}
  environmentVariables:
    ADMIN_PASSWORD: \${admin.current}
`

/**
 * Two imports and twenty secrets under the default key, all of them variables; and an environment
 * with rotators.
 */
export function makeStore(folder: string, esc: (...args: string[]) => void): void {
  const create = (name: string, definition: string) => {
    writeFileSync(join(folder, 'definition.yaml'), definition)
    esc('env', 'init', name, '-f', 'definition.yaml')
  }
  esc('init')
  create('app/base', definitionOf('BASE', 5))
  create('app/services', definitionOf('SERVICE', 5))
  create('app/dev', `imports: [app/base, app/services]\n${definitionOf('DEV', 10)}`)
  create('rotators/ci', ROTATED)
  esc('env', 'rotate', 'rotators/ci')
}

function definitionOf(prefix: string, count: number): string {
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  const secret = (number: number) =>
    `  ${prefix.toLowerCase()}${number}: {fn::secret: ${secretValue(prefix, number)}}\n`
  const variable = (number: number) => `    ${prefix}_${number}: \${${prefix.toLowerCase()}${number}}\n`
  return `values:\n${numbers.map(secret).join('')}  environmentVariables:\n${numbers.map(variable).join('')}`
}

export function secretValue(prefix: string, number: number): string {
  return `value-of-${prefix}-${number}-0123456789`
}
