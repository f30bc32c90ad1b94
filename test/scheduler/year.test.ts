import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { RunOutcome } from '../../src/operations/index.ts'
import { sample, slow } from '../sample.ts'
import { VirtualStore } from './virtual-store.ts'

const [begin, end] = ['2027-12-20T12:00:00Z', '2028-12-31T12:00:00Z']
const quarterMs = 15 * 60_000

interface Case {
  readonly name: string
  readonly cron: string
  readonly timezone: string
  /**
   * What the wall clock must show, and on which days: told anew here, by days of the calendar and
   * not by the expression.
   */
  readonly time: string
  readonly on: (day: Date) => boolean
}

const everyCase: readonly Case[] = [
  // Every zone whose clocks change in another way: the hour that is missing or comes twice, half an
  // hour, at midnight, in the south, never.
  { name: 'daily/new-york', cron: '30 2 * * *', timezone: 'America/New_York', time: '02:30', on: () => true },
  { name: 'daily/lord-howe', cron: '15 2 * * *', timezone: 'Australia/Lord_Howe', time: '02:15', on: () => true },
  {
    name: 'weekly/berlin',
    cron: '30 2 * * SUN',
    timezone: 'Europe/Berlin',
    time: '02:30',
    on: (day) => day.getUTCDay() === 0,
  },
  {
    name: 'weekly/cairo',
    cron: '30 0 * * 5',
    timezone: 'Africa/Cairo',
    time: '00:30',
    on: (day) => day.getUTCDay() === 5,
  },
  {
    name: 'weekly/new-york-twice',
    cron: '30 1 * * 7',
    timezone: 'America/New_York',
    time: '01:30',
    on: (day) => day.getUTCDay() === 0,
  },
  {
    name: 'weekly/santiago',
    cron: '0 0 * * SUN',
    timezone: 'America/Santiago',
    time: '00:00',
    on: (day) => day.getUTCDay() === 0,
  },
  {
    name: 'leap/utc',
    cron: '45 23 29 2 *',
    timezone: 'UTC',
    time: '23:45',
    on: (day) => day.getUTCMonth() === 1 && day.getUTCDate() === 29,
  },
  {
    name: 'months/end',
    cron: '0 12 31 * *',
    timezone: 'Asia/Kathmandu',
    time: '12:00',
    on: (day) => day.getUTCDate() === 31,
  },
  {
    name: 'either/utc',
    cron: '0 5 13 * FRI',
    timezone: 'UTC',
    time: '05:00',
    on: (day) => day.getUTCDate() === 13 || day.getUTCDay() === 5,
  },
]

/** One that is due each day and three others in usual runs, other ones each time. */
const daily = everyCase.filter(({ name }) => name.startsWith('daily/'))
const rarer = everyCase.filter((each) => !daily.includes(each))
const cases = [...sample(daily, 1), ...sample(rarer, 3)]
/** The process dies at every so-manieth run. */
const runsToCrash = slow ? 13 : 7

/** The year without the scheduler: it was off. */
const downtimes = [
  ['2028-01-10T00:00:00Z', '2028-01-10T20:00:00Z'],
  ['2028-02-28T12:00:00Z', '2028-03-02T09:00:00Z'],
  ['2028-03-12T05:00:00Z', '2028-03-12T07:10:00Z'], // over the hour that New York skips
  ['2028-07-01T00:00:00Z', '2028-08-15T13:30:00Z'],
  ['2028-11-05T05:45:00Z', '2028-11-05T06:15:00Z'], // between the two half past ones of New York
] as const

/**
 * The first quarter of an hour at which the wall clock of the zone shows the time, or has jumped
 * over it, on each day that counts.
 */
function instants({ timezone, time, on }: Case): number[] {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short', timeStyle: 'short' })
  const found: number[] = []
  const seen = new Set<string>()
  for (let ms = Date.parse(begin) - 86_400_000; ms <= Date.parse(end); ms += quarterMs) {
    const [day = '', clock = ''] = format.format(ms).split(' ')
    if (clock < time || seen.has(day)) continue
    seen.add(day)
    if (!on(new Date(`${day}T00:00:00Z`))) continue
    const before = format.format(ms - quarterMs).split(' ')[1] ?? ''
    found.push(ms + lateMs({ before, clock, time }))
  }
  return found.filter((ms) => ms > Date.parse(begin) && ms < Date.parse(end))
}

/**
 * Where clocks have jumped over the time: it comes as long after the jump as it would have come
 * after that moment.
 */
function lateMs({
  before,
  clock,
  time,
}: {
  readonly before: string
  readonly clock: string
  readonly time: string
}): number {
  const minutes = (shown: string) => Number(shown.slice(0, 2)) * 60 + Number(shown.slice(3, 5))
  const since = (from: string, to: string) => (minutes(to) - minutes(from) + 1440) % 1440
  const [step, wanted] = [since(before, clock), since(before, time)]
  return step > 15 && wanted >= 15 && wanted < step ? (wanted - 15) * 60_000 : 0
}

/** Those of a downtime are made up for by the newest. */
function expected(all: readonly number[]): string[] {
  const gone = new Set<number>()
  for (const [from, to] of downtimes) {
    const within = all.filter((ms) => ms > Date.parse(from) && ms <= Date.parse(to))
    for (const ms of within.slice(0, -1)) gone.add(ms)
  }
  return all.filter((ms) => !gone.has(ms)).map((ms) => new Date(ms).toISOString())
}

describe('a year of schedules', () => {
  it('runs each instant once, across changes of clocks, a leap day, downtime, and crashes between a revision and its record', async function () {
    this.timeout(300_000)
    const store = new VirtualStore(begin)
    try {
      for (const { name, cron, timezone } of cases) await store.add(name, { cron, timezone })
      let crashes = 0
      for (const until of [...downtimes.map(([from]) => from), end]) {
        let runs = 0
        while (store.nowMs < Date.parse(until)) {
          const kept = new Map(cases.map(({ name }) => [name, texts(store, name)]))
          let cut: RunOutcome | undefined
          await store.run(until, (outcome) => {
            runs++
            // Every so often the process dies once the new credential is saved: what it wrote after
            // that is not there.
            if (outcome.result !== 'succeeded' || runs % runsToCrash !== 0) {
              kept.set(outcome.environment, texts(store, outcome.environment))
              return false
            }
            cut = outcome
            return true
          })
          if (cut === undefined) continue
          crashes++
          restore(store, cut.environment, kept.get(cut.environment) ?? {})
          store.nowMs += (crashes % 3) * 40_000
        }
        const downtime = downtimes.find(([from]) => from === until)
        if (downtime) store.nowMs = Date.parse(downtime[1])
      }
      const total: string[] = []
      for (const each of cases) {
        const all = expected(instants(each))
        expect(all.length, each.name).to.be.greaterThan(0)
        expect(store.rotated(each.name), `${each.name}: revisions`).to.deep.equal(all)
        expect(
          store.events(each.name).map(({ due }) => due),
          `${each.name}: records`,
        ).to.deep.equal(all)
        total.push(...all)
      }
      const recovered = store.outcomes.filter(({ result }) => result === 'recovered').length
      expect(crashes).to.be.greaterThan(30)
      // One whose next instant came before its restart is told from the revision all the same.
      expect(recovered).to.equal(crashes)
      expect(store.outcomes.filter(({ result }) => result !== 'succeeded' && result !== 'recovered')).to.deep.equal([])
      console.log(`      ${total.length} runs of ${cases.length} schedules, ${crashes} crashes`)
    } finally {
      store.remove()
    }
  })
})

type Texts = Readonly<Record<string, string>>
const kinds = ['schedules', 'rotations']

function fileOf(store: VirtualStore, name: string, kind: string): string {
  return join(store.folder, 'environments', name, 'events', `${kind}.jsonl`)
}

function texts(store: VirtualStore, name: string): Texts {
  return Object.fromEntries(
    kinds.map((kind) => {
      const file = fileOf(store, name, kind)
      return [kind, existsSync(file) ? readFileSync(file, 'utf8') : '']
    }),
  )
}

function restore(store: VirtualStore, name: string, before: Texts): void {
  for (const kind of kinds) writeFileSync(fileOf(store, name, kind), before[kind] ?? '')
}
