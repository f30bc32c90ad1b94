import { existsSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect } from 'chai'
import type { CommandClass } from '../../../src/cli/framework/command.ts'
import { commandOf, REMEDY_COMMANDS } from '../../../src/cli/terminal/remedy-commands.ts'
import type { Remedy } from '../../../src/remedy.ts'
import { importable } from '../../sources.ts'

const commands = fileURLToPath(new URL('../../../src/cli/commands/', import.meta.url))
const about = {
  environment: 'app/dev',
  to: 'app/other',
  path: 'a["b c"]',
  paths: ['a', 'b'],
  revision: 3,
  schedule: 'sched-1',
  provider: 'age://',
  secretsProvider: 'age://',
  format: 'dotenv',
  webhook: 'hook-1',
  url: 'https://esc.example.com',
}

/** The file of the command that a line calls: the most words that lead to one. */
function fileOf(words: readonly string[]): string | undefined {
  for (let count = words.length; count > 0; count--) {
    const file = `${commands}${words.slice(0, count).join('/')}.ts`
    if (existsSync(file)) return file
  }
  return undefined
}

describe('the command of a remedy', () => {
  for (const kind of Object.keys(REMEDY_COMMANDS) as Exclude<Remedy['do'], 'repeat'>[]) {
    it(`is one that there is, with flags that it has: ${kind}`, async () => {
      for (const given of [about, { ...about, to: undefined, secretsProvider: undefined, paths: [], format: 'sops' }]) {
        const line = commandOf({ do: kind, ...given } as never)
        const [program, ...words] = line.split(' ')
        expect(program).to.equal('esc')
        expect(line).to.not.match(/undefined|\[object/)
        const file = fileOf(words)
        expect(file, line).to.be.a('string')
        const { default: command } = (await import(pathToFileURL(importable(file as string)).href)) as {
          default: CommandClass
        }
        const flags = Object.keys({ ...command.baseFlags, ...command.flags })
        for (const word of words) if (word.startsWith('--')) expect(flags, line).to.include(word.slice(2))
      }
    })
  }
})
