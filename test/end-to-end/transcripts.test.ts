import { expect } from 'chai'
import { Program } from './program.ts'
import { newUserTranscript, readmeTranscript } from './transcripts/all.ts'

describe('what a new user sees', function () {
  this.timeout(120_000)
  before(function () {
    if (!Program.isBuilt()) this.skip()
  })

  it('is what the README shows ("npm run transcript" makes it anew)', async () => {
    const { kept, play } = readmeTranscript()
    expect(await play()).to.equal(kept)
  })

  it('from init to a rotation that failed in part, its retry, and a rollback, is what it was', async () => {
    const { kept, play } = newUserTranscript()
    expect(await play()).to.equal(kept)
  })
})
