import { readFileSync, writeFileSync } from 'node:fs'
import { expect } from 'chai'
import { COMMANDS } from '../../src/cli/framework/registry.ts'
import { commandPage } from './command-page.ts'

const file = new URL('../../docs/commands.md', import.meta.url)

describe('docs/commands.md', () => {
  it('is what the command line says of itself (UPDATE_SNAPSHOTS=1 writes it again)', async () => {
    const wanted = await commandPage()
    if (process.env.UPDATE_SNAPSHOTS) writeFileSync(file, wanted)
    expect(readFileSync(file, 'utf8')).to.equal(wanted)
  })

  it('has each command exactly once', () => {
    const headings = [...readFileSync(file, 'utf8').matchAll(/^##+ esc ([a-z0-9 -]+)$/gm)].map(([, name]) => name)
    expect(headings.sort()).to.deep.equal(COMMANDS.map((id) => id.replaceAll(':', ' ')).sort())
  })
})
