import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { slow } from '../sample.ts'
import { VirtualStore } from './virtual-store.ts'

const environments = slow ? 500 : 20
const days = 3

describe('the scheduler over a long time', () => {
  it(`misses no run of ${environments} environments that are due within ten minutes, and takes no more memory for it`, async function () {
    this.timeout(slow ? 900_000 : 120_000)
    const store = new VirtualStore('2026-06-01T00:00:00Z')
    const names = Array.from({ length: environments }, (_, index) => `soak/e${index}`)
    try {
      for (const [index, name] of names.entries()) await store.add(name, { cron: `${index % 10} 3 * * *` })
      const usedMB: number[] = []
      for (let day = 1; day <= days; day++) {
        await store.run(`2026-06-0${day}T03:12:00Z`)
        expect(store.outcomes.filter(({ result }) => result === 'succeeded')).to.have.length(day * environments)
        usedMB.push(reachableMB())
      }
      for (const [index, name] of names.entries()) {
        const minute = String(index % 10).padStart(2, '0')
        const all = Array.from({ length: days }, (_, day) => `2026-06-0${day + 1}T03:${minute}:00.000Z`)
        expect(store.rotated(name), name).to.deep.equal(all)
        expect(
          store.events(name).map(({ due }) => due),
          name,
        ).to.deep.equal(all)
      }
      // Spread over the minute after each instant, not all at its first second.
      const first = store.outcomes.filter(({ due }) => due.toISOString() === '2026-06-01T03:00:00.000Z')
      expect(first.length).to.equal(environments / 10)
      console.log(`      memory that is reachable after each ten minutes: ${usedMB.join(', ')} MB`)
      // The first day loads what is needed.
      expect(usedMB.at(-1)).to.be.below((usedMB[0] as number) * 1.05 + 5)
      expect(store.log.filter((line) => !/healthy/.test(line))).to.deep.equal([])
    } finally {
      store.remove()
    }
  })
})

/**
 * Returns what is left of the heap and of buffers outside it once garbage is collected. Resident
 * memory would tell when the collector last ran, in a process that runs other tests as well.
 */
function reachableMB(): number {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  const { heapUsed, external } = process.memoryUsage()
  return Math.round((heapUsed + external) / 1e6)
}
