import { expect } from 'chai'
import { openSecretsProvider } from '../../src/keys/index.ts'
import { MemoryFiles } from '../files/memory-files.ts'

const owner = { id: 'aaaaaaaa-0000-4000-8000-000000000000', name: 'rotators/ci', folders: [] }

describe('the key file', () => {
  it('outlives a loss of power once something is wrapped with it, wherever the one that made it was killed', async () => {
    let killed = 0
    for (let nth = 1; ; nth++) {
      const files = new MemoryFiles()
      files.makeFolder('/home')
      files.losePower(() => true)
      const wrap = async () => {
        const keys = { env: {}, configFolder: '/home/config', notify: () => {}, files }
        const provider = await openSecretsProvider('default', keys, owner)
        await provider.wrapKey(new Uint8Array(32))
      }
      files.arm('kill', nth)
      const done = await wrap().then(
        () => true,
        () => false,
      )
      files.reboot()
      if (!done) killed++
      await wrap()
      files.losePower(() => false)
      expect(files.tree(), `call ${nth}`).to.have.property('/home/config/default.key')
      if (done) break
    }
    expect(killed).to.be.greaterThan(5)
  })
})
