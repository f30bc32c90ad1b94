import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import type { Checkout } from './machine.ts'
import { expectQuiet, sceneOf } from './scene.ts'

const clock = fileURLToPath(new URL('../end-to-end/clock-ahead.cjs', import.meta.url))
const dayMs = 86_400_000
const ahead = (days: number) => ({ NODE_OPTIONS: `--require ${clock}`, ESC_TEST_CLOCK_AHEAD_MS: String(days * dayMs) })
const future = '2099-01-01T03:00:00.000Z'

describe('events that are dated in the future', function () {
  this.timeout(60_000)
  const scene = sceneOf(async (victim) => {
    const rotated = 'values:\n  session:\n    fn::rotate::password:\n      inputs: {length: 20}\n'
    await victim.okWith(rotated, 'env', 'init', 'rotators/ci', '--file', '-')
    await victim.ok('env', 'rotate', 'rotators/ci', '--force')
    await victim.ok('env', 'schedule', 'new', 'rotators/ci', '--cron', '0 3 * * *')
    // A run of the schedule, so that there are honest events of every kind.
    const { code, out, err } = await victim.esc(['scheduler', 'tick'], ahead(2))
    if (code !== 0) throw new Error(`${out}${err}`)
  })

  const revisions = (checkout: Checkout) => checkout.list('rotators/ci/revisions').length
  /** Lines of the honest events with other dates. */
  const redated = (checkout: Checkout, kind: string, date: string) =>
    checkout.read(`rotators/ci/events/${kind}.jsonl`).replaceAll(/\d{4}-\d\d-\d\dT[0-9:.]+Z/g, date)

  const forgeries: Readonly<Record<string, (attacker: Checkout) => void>> = {
    'runs of the schedule': (attacker) => {
      const lines = redated(attacker, 'schedules', future)
      appendFileSync(attacker.path('rotators/ci/events/schedules.jsonl'), lines)
    },
    rotations: (attacker) => {
      const lines = redated(attacker, 'rotations', future)
      appendFileSync(attacker.path('rotators/ci/events/rotations.jsonl'), lines)
    },
    'both, and nothing else': (attacker) => {
      attacker.edit('rotators/ci/events/rotations.jsonl', () => redated(attacker, 'rotations', future))
      attacker.edit('rotators/ci/events/schedules.jsonl', () => redated(attacker, 'schedules', future))
    },
    'runs that are to be tried again much later': (attacker) => {
      const line = {
        due: '2020-01-01T03:00:00.000Z',
        outcome: 'failed',
        retry: future,
        retryAt: future,
        next: future,
        time: future,
        at: future,
      }
      mkdirSync(join(attacker.path('rotators/ci/events')), { recursive: true })
      appendFileSync(attacker.path('rotators/ci/events/schedules.jsonl'), `${JSON.stringify(line)}\n`)
    },
    'years that no clock reaches': (attacker) => {
      for (const kind of ['schedules', 'rotations']) {
        const lines = redated(attacker, kind, '9999-12-31T23:59:59.999Z') + redated(attacker, kind, 'never')
        appendFileSync(attacker.path(`rotators/ci/events/${kind}.jsonl`), lines)
      }
    },
  }
  for (const [title, attack] of Object.entries(forgeries)) {
    it(`do not keep what is due from being rotated: ${title}`, async () => {
      const readers = await scene.current().readers(attack)
      for (const { title: reader, hasKey, checkout } of readers) {
        if (!hasKey) continue
        const before = revisions(checkout)
        const ran = await checkout.esc(['scheduler', 'tick'], ahead(10))
        expectQuiet(ran, reader)
        if (ran.code === 0) expect(revisions(checkout), `${reader}: ${ran.out}${ran.err}`).to.equal(before + 1)
      }
    })
  }

  it('do not make an old credential look new', async () => {
    const readers = await scene.current().readers(forgeries['both, and nothing else']!)
    for (const { title, checkout } of readers) {
      const listed = await checkout.esc(['env', 'rotators', '--older-than', '7d'], ahead(40))
      expectQuiet(listed, title)
      expect(listed.code, `${title}: ${listed.out}`).to.equal(1)
      expect(listed.out, title).to.contain('session')
      expect((await checkout.esc(['check'])).out, title).to.match(/events\/(rotations|schedules)\.jsonl/)
    }
  })
})
