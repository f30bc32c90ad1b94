import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { ALIASES } from '../../../src/cli/framework/aliases.ts'
import { loadCommand } from '../../../src/cli/framework/load-command.ts'
import { COMMANDS } from '../../../src/cli/framework/registry.ts'

describe('the registry of commands', () => {
  it('each file below the commands is a command, under the id that its path says', async () => {
    expect(COMMANDS).to.include.members(['version', 'env:open', 'env:webhook:delivery:list'])
    for (const id of COMMANDS) expect((await loadCommand(id)).id, id).to.equal(id)
  })

  it('the built program has the commands of the sources, and no others', () => {
    const manifest = JSON.parse(readFileSync(new URL('../../../oclif.manifest.json', import.meta.url), 'utf8'))
    expect(Object.keys(manifest.commands).sort()).to.deep.equal([...COMMANDS])
  })

  it('an alias is another name of a command that there is', () => {
    for (const [alias, id] of Object.entries(ALIASES)) {
      expect(COMMANDS).to.include(id)
      expect(COMMANDS).not.to.include(alias)
    }
  })
})
