import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { ALIASES } from '../../../src/cli/framework/aliases.ts'
import type { CommandClass } from '../../../src/cli/framework/command.ts'
import { loadCommand } from '../../../src/cli/framework/load-command.ts'
import { COMMANDS } from '../../../src/cli/framework/registry.ts'

const folder = join(dirname(fileURLToPath(import.meta.url)), 'snapshots')

/**
 * Compares with the committed file; writes it when `UPDATE_SNAPSHOTS` is set. The change is then
 * read in the diff.
 */
function expectSnapshot(name: string, actual: string): void {
  const file = join(folder, name)
  if (process.env.UPDATE_SNAPSHOTS) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, actual)
  }
  const expected = existsSync(file) ? readFileSync(file, 'utf8') : ''
  expect(actual, `${name} differs; run the test with UPDATE_SNAPSHOTS=1 if that is meant`).to.equal(expected)
}

async function commands(): Promise<CommandClass[]> {
  const loaded: CommandClass[] = []
  for (const id of [...COMMANDS].sort()) loaded.push(await loadCommand(id))
  return loaded
}

/** What the command line promises: arguments and flags, a line each. */
async function interfaceText(): Promise<string> {
  const blocks = (await commands()).map(({ id, count, args, flags, baseFlags }) => {
    const aliases = Object.keys(ALIASES).filter((alias) => ALIASES[alias] === id)
    const counted = Object.entries(count).map(([key, value]) => (key === 'kind' ? value : `${key} ${value}`))
    const lines = [
      `esc ${id.replaceAll(':', ' ')}`,
      ...aliases.map((alias) => `  alias esc ${alias.replaceAll(':', ' ')}`),
      `  arguments (${counted.join(', ')}): ${Object.keys(args).join(' ') || 'none'}`,
    ]
    for (const [name, flag] of Object.entries({ ...baseFlags, ...flags }).sort(([a], [b]) => (a < b ? -1 : 1))) {
      const traits = [
        flag.type === 'boolean' ? 'switch' : flag.options === undefined ? 'value' : flag.options.join('|'),
        flag.multiple && 'repeatable',
        flag.required && 'required',
        flag.hidden && 'hidden',
        flag.bare !== undefined && `bare ${flag.bare}`,
        flag.default !== undefined && `default ${flag.default}`,
      ]
      const short = flag.char === undefined ? '' : `-${flag.char}, `
      lines.push(`  ${short}--${name}: ${traits.filter(Boolean).join(', ')}`)
    }
    return lines.map((line) => `${line}\n`).join('')
  })
  return blocks.join('\n')
}

describe('snapshots', () => {
  it('of every command: its arguments and flags', async () => {
    expectSnapshot('commands.txt', await interfaceText())
  })
})
