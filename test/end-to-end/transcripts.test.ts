import { relative } from 'node:path'
import { expect } from 'chai'
import { packageRoot } from '../cli/commands/esc.ts'
import { sample } from '../sample.ts'
import { skipWithout } from '../servers/binary.ts'
import { Program } from './program.ts'
import { type KeptTranscript, newUserTranscript, pageTranscripts } from './transcripts/all.ts'

describe('what a new user sees', function () {
  this.timeout(120_000)
  before(function () {
    if (!Program.isBuilt()) this.skip()
  })

  const pages = pageTranscripts()
  const isFirst = ({ file }: KeptTranscript) => /README|getting-started/.test(file)
  const others = sample(
    pages.filter((page) => !isFirst(page)),
    2,
  )
  for (const { file, kept, play, stage } of [...pages.filter(isFirst), ...others]) {
    it(`is what ${relative(packageRoot, file)} shows ("npm run transcript" makes it anew)`, async function () {
      if (stage !== undefined) skipWithout(this, stage.missing(), stage.packages)
      expect(await play()).to.equal(kept)
    })
  }

  it('from init to a rotation that failed in part, its retry, and a rollback, is what it was', async () => {
    const { kept, play } = newUserTranscript()
    expect(await play()).to.equal(kept)
  })
})
