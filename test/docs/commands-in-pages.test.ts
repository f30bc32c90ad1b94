import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { ALIASES, GROUP_ALIASES } from '../../src/cli/framework/aliases.ts'
import { loadCommand } from '../../src/cli/framework/load-command.ts'
import { COMMANDS } from '../../src/cli/framework/registry.ts'

const docs = fileURLToPath(new URL('../../docs/', import.meta.url))

/** Pages for people who do not know the commands yet. */
const pages = ['coming-from', 'how-to']
  .flatMap((folder) => readdirSync(join(docs, folder)).map((name) => join(folder, name)))
  .concat('getting-started.md', 'backup.md', 'README.md')

/** Command lines of ours in a page: in code marks, tables among them, and at prompts. */
function commandLines(text: string): string[] {
  const marked = [...text.matchAll(/`(esc [^`\n]+)`/g)].map(([, line = '']) => line)
  const typed = [...text.matchAll(/^(?:[a-z]*\$ .*?|.*[|;]\s*)?\b(esc [a-z][^\n]*)$/gm)]
    .filter(([line]) => /^[a-z]*\$ |^ +\| /.test(line))
    .map(([, line = '']) => line)
  return [...marked, ...typed]
}

/** Returns what is wrong with a command line, if anything. */
async function mistake(line: string): Promise<string | undefined> {
  const words =
    line
      .split(/ -- | [|>] | && |; |\)"/)[0]
      ?.split(/\s+/)
      .slice(1) ?? []
  const known = (length: number) => {
    const id = words.slice(0, length).join(':')
    const meant = ALIASES[id] ?? id
    const [first = '', ...rest] = meant.split(':')
    return [GROUP_ALIASES[first] ?? first, ...rest].join(':')
  }
  const length = [4, 3, 2, 1].find((each) => COMMANDS.includes(known(each)))
  if (length === undefined) {
    const isGroup = COMMANDS.some((id) => id.startsWith(`${known(words.length)}:`))
    return isGroup ? undefined : `no command: ${line}`
  }
  const { flags, baseFlags } = await loadCommand(known(length))
  const all = new Set(['help', ...Object.keys({ ...baseFlags, ...flags })])
  const unknown = words
    .filter((word) => word.startsWith('--'))
    .find((word) => !all.has(word.slice(2).split('=')[0] ?? ''))
  return unknown === undefined ? undefined : `no flag ${unknown}: ${line}`
}

describe('commands that pages name', () => {
  for (const page of pages) {
    it(`${page} names commands and flags that there are`, async () => {
      const lines = commandLines(readFileSync(join(docs, page), 'utf8'))
      const mistakes = await Promise.all(lines.map(mistake))
      expect(mistakes.filter((each) => each !== undefined)).to.deep.equal([])
    })
  }

  it('finds a command and a flag that there are not', async () => {
    expect(commandLines('| `x` | `esc env frobnicate` |\n$ esc open a/b --colour\n')).to.have.length(2)
    expect(await mistake('esc env frobnicate a/b')).to.match(/no command/)
    expect(await mistake('esc open a/b --colour')).to.match(/no flag --colour/)
  })

  it('has a table of commands side by side for each tool, with commands of ours', () => {
    for (const name of readdirSync(join(docs, 'coming-from'))) {
      const text = readFileSync(join(docs, 'coming-from', name), 'utf8')
      const rows = [...text.matchAll(/^\| [^|]+ \| (`esc |–|\[|`|the |and )/gm)]
      expect(rows.length, name).to.be.at.least(8)
    }
  })
})
