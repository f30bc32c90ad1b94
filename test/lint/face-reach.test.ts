import { expect } from 'chai'
import { faceReaches } from './face-reach.ts'

describe('the check of what faces look into', () => {
  const found = (file: string, text: string) => faceReaches([{ file, text }]).length

  it('finds a face that looks into the workspace of a session', () => {
    expect(found('src/sdk/a.ts', 'session.workspace.store.has(name)')).to.equal(1)
    expect(found('src/cli/commands/a.ts', 'const { workspace } = session')).to.equal(1)
    expect(found('src/scheduler/a.ts', 'open().workspace')).to.equal(1)
  })

  it('takes operations and tests for what they are', () => {
    expect(found('src/operations/schedules/a.ts', 'const { workspace } = open()')).to.equal(0)
    expect(found('test/sdk/a.test.ts', 'session.workspace.store')).to.equal(0)
    expect(found('src/lsp/server.ts', 'this.#connection.workspace.applyEdit(edits)')).to.equal(0)
    expect(found('src/cli/framework/session.ts', 'workspaceOptions(io, flags)')).to.equal(0)
  })

  it('finds nothing in the program', () => {
    expect(faceReaches()).to.deep.equal([])
  })
})
