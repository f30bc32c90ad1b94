import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { slow, sweepMs } from '../../sample.ts'
import { Playground } from './esc.ts'

const day = 86_400_000
const start = Date.parse('2023-01-01T03:00:00.000Z')

/** Rotators of passwords of the usual length, as people write them. */
function definition(rotators: number): string {
  const one = (index: number) =>
    `  # ${['reporting', 'billing', 'search'][index % 3]} logs in with this; asked for in ticket ${1000 + index}\n` +
    `  service-${index}:\n    fn::rotate::password:\n      inputs:\n        length: 16\n`
  return `values:\n${Array.from({ length: rotators }, (_, index) => one(index)).join('')}`
}

/**
 * An environment whose rotators are all rotated each day, and that is pruned each month. With
 * SLOW=1 it has 100 rotators and three years, or as many days as the time allows (`SWEEP_SECONDS`).
 */
describe('an environment that is rotated daily and pruned monthly', function () {
  this.timeout(slow ? sweepMs + 300_000 : 60_000)
  const rotators = slow ? 100 : 20
  const days = slow ? 1095 : 35
  const esc = new Playground()
  after(() => esc.remove())

  const folder = () => join(esc.store, 'app', 'dev')
  const size = (path = folder()): number =>
    statSync(path).isDirectory()
      ? readdirSync(path).reduce((sum, each) => sum + size(join(path, each)), 0)
      : statSync(path).size
  const at = async (time: number, ...words: string[]) => {
    const ran = await esc.run(words, { io: { now: () => new Date(time) } })
    if (ran.code !== 0) throw new Error(`esc ${words.join(' ')}: ${ran.err}`)
    return ran.out
  }

  it('stays small, and each credential of each day opens', async () => {
    await esc.withEnvironment('app/dev', definition(rotators))
    const end = performance.now() + sweepMs
    const seen = new Map<number, string>()
    let done = 0
    let unpruned = size()
    for (let today = 1; today <= days && (!slow || performance.now() < end); today++) {
      const before = size()
      await at(start + today * day, 'env', 'rotate', 'app/dev')
      unpruned += size() - before
      done = today
      // Revision 1 is empty, and 2 the definition.
      const revision = today + 2
      if (today % (slow ? 100 : 10) === 1) {
        seen.set(revision, await at(start + today * day, 'env', 'open', `app/dev@${revision}`))
      }
      if (today % 30 === 0) await at(start + today * day + 1000, 'env', 'prune', 'app/dev', '--keep', '2')
    }
    await at(start + done * day + 1000, 'env', 'prune', 'app/dev', '--keep', '2')
    const last = start + (done + 1) * day
    const archives = readdirSync(join(folder(), 'revisions')).filter((each) => each.endsWith('.archive'))
    console.log(
      `      ${done} days: ${(size() / 1e6).toFixed(3)} MB in ${archives.length} archives, unpruned ${(unpruned / 1e6).toFixed(1)} MB`,
    )
    for (const [revision, opened] of seen) {
      expect(await at(last, 'env', 'open', `app/dev@${revision}`), String(revision)).to.equal(opened)
    }
    const checked = await at(last, 'check')
    expect(checked).to.include(`${done + 2} revisions: nothing is wrong`)
    const history = await at(last, 'env', 'rotate', 'history', 'app/dev', '--output', 'json')
    expect((JSON.parse(history) as { events: unknown[] }).events).to.have.lengthOf(done)
    // The ciphertext of a password of 16 characters, and a twentieth for all the rest: two
    // revisions and environment.yaml are whole.
    const whole = 3 * statSync(join(folder(), 'environment.yaml')).size
    expect(size()).to.be.below(whole + 20_000 + done * rotators * 44 * 1.05)
    if (done === 1095) expect(size()).to.be.below(5 << 20)
  })
})
