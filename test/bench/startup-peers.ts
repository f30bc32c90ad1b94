import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeStore, program, secretValue } from './startup.ts'
import { type Command, calmEnvironment, median, minimum, takeTurns, timeOf } from './take-turns.ts'

/** varlock needs Node 22, so all run on that. */
const PACKAGES = { node: '22.23.3', '@dotenvx/dotenvx': '2.38.2', varlock: '1.20.0' }

/** esc is to be so many times faster than each. */
const TARGET = 3

/**
 * `run -- true` with 20 variables, beside programs that do the same job: installed from npm into a
 * temporary folder. dotenvx is timed with a plain file, which it need not decrypt, and with one
 * that it has encrypted; varlock with a plain file and a schema that makes all variables secret,
 * whose values it hides in output.
 */
export function benchPeers({ rounds }: { readonly rounds: number }): void {
  const folder = mkdtempSync(join(tmpdir(), 'esc-bench-peers-'))
  try {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: PACKAGES }))
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, stdio: 'inherit' })
    const modules = join(folder, 'node_modules')
    const node = join(modules, 'node', 'bin', 'node')
    const place = { folder, env: calmEnvironment(folder) }
    const command = (script: string, own: string, ...args: string[]): Command => ({
      file: node,
      args: [script, ...args],
      folder: join(folder, own),
    })
    const numbers = Array.from({ length: 20 }, (_, index) => index + 1)
    const plain = numbers.map((number) => `VAR_${number}=${secretValue('VAR', number)}\n`).join('')
    const schema = `# @defaultSensitive=true @defaultRequired=true\n# ---\n\n${numbers.map((number) => `VAR_${number}=\n`).join('')}`
    for (const own of ['esc', 'plain', 'encrypted', 'varlock']) mkdirSync(join(folder, own))
    for (const own of ['plain', 'encrypted', 'varlock']) writeFileSync(join(folder, own, '.env'), plain)
    writeFileSync(join(folder, 'varlock', '.env.schema'), schema)
    const dotenvx = join(modules, '@dotenvx', 'dotenvx', 'src', 'cli', 'dotenvx.js')
    const varlock = join(modules, 'varlock', 'bin', 'cli.js')
    makeStore(join(folder, 'esc'), (...args) => timeOf([command(program, 'esc', ...args)], place))
    timeOf([command(dotenvx, 'encrypted', 'encrypt')], place)

    const cases = [
      { name: 'esc run app/dev -- true', commands: [command(program, 'esc', 'run', 'app/dev', '--', 'true')] },
      { name: 'dotenvx run -- true', commands: [command(dotenvx, 'plain', 'run', '--', 'true')] },
      { name: 'the same, encrypted', commands: [command(dotenvx, 'encrypted', 'run', '--', 'true')] },
      { name: 'varlock run -- true', commands: [command(varlock, 'varlock', 'run', '--', 'true')] },
    ]
    const times = takeTurns(cases, rounds, place)
    const [own] = times.values() as Iterable<number[]>
    console.log(`run with 20 variables, ${rounds} runs each, taking turns (Node ${PACKAGES.node})`)
    for (const [name, values] of times) {
      const ratio = median(values) / median(own as number[])
      const least = minimum(values) / minimum(own as number[])
      const verdict = values === own || Math.max(ratio, least) >= TARGET ? '' : `  under ${TARGET}x !`
      const ms = `${median(values).toFixed(0).padStart(6)} ms`
      console.log(
        `  ${name.padEnd(24)} ${ms} ${ratio.toFixed(1).padStart(6)}x, of minima ${least.toFixed(1)}x${verdict}`,
      )
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
