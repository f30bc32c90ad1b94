import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadCommand } from '../../../src/cli/framework/load-command.ts'
import { COMMANDS } from '../../../src/cli/framework/registry.ts'
import { shellWord } from '../../../src/shell-word.ts'
import { packageRoot } from './esc.ts'

/**
 * Characters that some shell expands outside quotes: zsh refuses a word with `?` that names no
 * file.
 */
function expanded(command: string): string | undefined {
  const bare = command.replace(/'[^']*'|"[^"]*"/g, '')
  return /[?*[\]{}!^]/.exec(bare)?.[0] ?? /"[^"]*!/.exec(command)?.[0]
}

describe('commands that people copy', () => {
  it('quote what a shell would expand, in every example of the help', async () => {
    for (const id of COMMANDS) {
      for (const { command } of (await loadCommand(id)).examples) expect(expanded(command), command).to.equal(undefined)
    }
  })

  it('quote it in the commands of the documentation', () => {
    const pages = readdirSync(join(packageRoot, 'docs')).filter((name) => name.endsWith('.md'))
    let seen = 0
    for (const page of ['README.md', ...pages.map((name) => join('docs', name))]) {
      let inBlock = false
      for (const line of readFileSync(join(packageRoot, page), 'utf8').split('\n')) {
        if (line.startsWith('```')) inBlock = !inBlock
        const command = /^(?:\w*\$ )?(esc [a-z-]+ .*?)(?: +#.*)?$/.exec(line)?.[1]
        if (!inBlock || command === undefined) continue
        seen++
        expect(expanded(command), `${page}: ${line}`).to.equal(undefined)
      }
    }
    expect(seen).to.be.greaterThan(40)
  })

  it('take a path or a URL as one word where a message proposes them', () => {
    expect(shellWord('database.password')).to.equal('database.password')
    expect(shellWord('rotators/ci@stable')).to.equal('rotators/ci@stable')
    expect(shellWord('keys[0]')).to.equal("'keys[0]'")
    expect(shellWord('a["it\'s"]')).to.equal(`'a["it'\\''s"]'`)
    expect(shellWord('awskms://alias/esc?region=eu-west-1')).to.equal("'awskms://alias/esc?region=eu-west-1'")
    expect(shellWord('/Users/ada/Library/Application Support/esc')).to.match(/^'.*'$/)
    expect(shellWord('~/esc')).to.equal("'~/esc'")
    expect(shellWord('')).to.equal("''")
  })
})
