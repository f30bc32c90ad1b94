import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { besideClone } from '../sources.ts'
import { type KindReport, replayAll } from './run.ts'

/** In this repository, so that a clone proves the evaluator by itself. */
const own = fileURLToPath(new URL('../language/cases', import.meta.url))
/** Cases of other origin, replayed where a developer has them beside the clone. */
const beside = besideClone('shared/conformance')
/** Replayed by a test of their own, because each case starts the command line. */
const elsewhere = ['cli']

describe('the recorded cases', function () {
  this.timeout(120_000)

  it('in this repository come out as recorded, but for those that differ on purpose', async () => {
    const reports = await replayAll(own)
    expect(reports.map(({ kind, passed, differing }) => [kind, passed, differing.length])).to.deep.equal([
      ['eval-extra', 67, 3],
      ['eval-fuzz', 299, 1],
    ])
    expect(failuresOf(reports)).to.deep.equal([])
  })

  it('beside this repository come out as recorded, but for those that differ on purpose', async function () {
    if (!existsSync(beside)) {
      console.log(`      skipped: ${beside} is not there`)
      this.skip()
    }
    const reports = await replayAll(beside, elsewhere)
    expect(reports.map(({ kind }) => kind)).to.include.members(['eval', 'eval-extra', 'eval-fuzz', 'parse'])
    expect(failuresOf(reports)).to.deep.equal([])
  })
})

function failuresOf(reports: readonly KindReport[]): string[] {
  return reports.flatMap(({ failed }) => failed.map(({ kind, name, detail }) => `${kind} ${name}: ${detail}`))
}
