import { relative } from 'node:path'
import { expect } from 'chai'
import { packageRoot } from '../cli/commands/esc.ts'
import { Program } from './program.ts'
import { newUserTranscript, pageTranscripts } from './transcripts/all.ts'

describe('what a new user sees', function () {
  this.timeout(120_000)
  before(function () {
    if (!Program.isBuilt()) this.skip()
  })

  for (const { file, kept, play } of pageTranscripts()) {
    it(`is what ${relative(packageRoot, file)} shows ("npm run transcript" makes it anew)`, async () => {
      expect(await play()).to.equal(kept)
    })
  }

  it('from init to a rotation that failed in part, its retry, and a rollback, is what it was', async () => {
    const { kept, play } = newUserTranscript()
    expect(await play()).to.equal(kept)
  })
})
