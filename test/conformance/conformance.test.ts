import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { replayAll } from './run.ts'

const recorded = fileURLToPath(new URL('../../../shared/conformance', import.meta.url))
/** These have a command line to start, case by case: they have a test of their own. */
const elsewhere = ['cli']

describe('the recorded cases', () => {
  it('come out as recorded, but for those that differ on purpose', async function () {
    if (!existsSync(recorded)) {
      console.log(`      skipped: ${recorded} is not there`)
      this.skip()
    }
    this.timeout(120_000)
    const reports = await replayAll(recorded, elsewhere)
    expect(reports.map(({ kind }) => kind)).to.include.members(['eval', 'eval-extra', 'eval-fuzz', 'parse'])
    const failures = reports.flatMap(({ failed }) =>
      failed.map(({ kind, name, detail }) => `${kind} ${name}: ${detail}`),
    )
    expect(failures).to.deep.equal([])
  })
})
