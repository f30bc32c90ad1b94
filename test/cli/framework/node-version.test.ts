import { expect } from 'chai'
import { requireNodeForDatabase } from '../../../src/cli/framework/node-version.ts'
import { EscError } from '../../../src/errors.ts'
import { Playground } from '../commands/esc.ts'

describe('a server with a store in a database', () => {
  it('is not started by a Node that is too old for it, and says which it needs', async () => {
    for (const version of ['20.19.0', '22.11.0', '18.0.0']) {
      expect(() => requireNodeForDatabase(version), version)
        .to.throw(EscError, `needs Node 22.12 or later, and this is Node ${version}`)
        .with.property('code', 'unsupported')
    }
    for (const version of ['22.12.0', '22.20.1', '24.0.0', '26.1.0']) requireNodeForDatabase(version)
  })

  it('says so before it looks for the database', async function () {
    if (Number.parseInt(process.versions.node, 10) > 22) return this.skip()
    const playground = new Playground()
    const { code, err } = await playground.run(['server', 'start', '--database', 'postgres://127.0.0.1:1/x'])
    expect(err).to.include('needs Node 22.12 or later').and.include('install a newer Node, such as 24')
    expect(code).to.be.greaterThan(0)
    playground.remove()
    return undefined
  })
})
