import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { rotatorNames } from '../../src/rotators/index.ts'
import { Program } from '../end-to-end/program.ts'
import { rotatorsUnderTest as registry } from '../rotators/registry.ts'
import { sample, slow } from '../sample.ts'
import { type Outcome, sweep } from './sweep.ts'
import { badCells } from './table.ts'

/**
 * A rotation is killed at every so-manieth point here, other ones each time; the page is made of
 * all.
 */
const stride = slow ? 6 : 31
const first = 1 + Math.floor(Math.random() * stride)
const page = readFileSync(new URL('../../docs/crash-matrix.md', import.meta.url), 'utf8')

describe('the crash matrix', function () {
  this.timeout(slow ? 1_200_000 : 180_000)

  before(function () {
    if (!Program.isBuilt()) this.skip()
  })

  for (const [rotator, { missing }] of sample(Object.entries(registry), 4)) {
    it(`has no bad cell for ${rotator}`, async function () {
      if ((missing?.() ?? []).length > 0) this.skip()
      const cells = await sweep(rotator, { stride, first })
      expect(badCells(cells), `from point ${first} on`).to.deep.equal([])
      const swept = Math.floor((kills(rotator) - first) / stride) + 1
      expect(cells.length, `from point ${first} on; "npm run crash-matrix" writes the page anew`).to.equal(swept)
      if (!slow) return
      const outcomes = new Set(cells.map(({ outcome }) => outcome))
      for (const outcome of ['nothing had begun', 'finished', 'had been saved'] satisfies Outcome[]) {
        expect(outcomes).to.include(outcome)
      }
    })
  }

  it('covers every rotator, and its page says so', () => {
    expect(Object.keys(registry)).to.include.members([...rotatorNames])
    for (const rotator of Object.keys(registry)) expect(page).to.include(`## ${rotator}\n`)
    const rows = page.split('\n').filter((line) => /^\| .*\d \|$/.test(line))
    expect(rows.length).to.be.greaterThan(Object.keys(registry).length)
    // Lost, unknown, wrongly deleted.
    for (const row of rows) expect(row, row).to.match(/\| 0 \| 0 \| 0 \|$/)
  })
})

/** At how many points the page says that a rotation is killed: all there are. */
function kills(rotator: string): number {
  return Number(new RegExp(`^\\| \\[${rotator}\\]\\(.*?\\) \\| .*? \\| (\\d+) \\|`, 'm').exec(page)![1])
}
