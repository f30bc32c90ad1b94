import { expect } from 'chai'
import { instantsAfter, nextRuns, type Schedule, type Timed } from '../../src/schedule/index.ts'

const daily = (expression: string, timezone: string): Timed => ({ timing: { kind: 'cron', expression }, timezone })

async function between(timed: Timed, from: string, to: string): Promise<string[]> {
  const found: string[] = []
  for await (const instant of instantsAfter(timed, new Date(from))) {
    if (instant > new Date(to)) break
    found.push(instant.toISOString().slice(0, 16))
  }
  return found
}

/**
 * The wall clock of a zone, by another way than the code under test: whole strings of another
 * locale.
 */
function wallClock(zone: string): (ms: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  return (ms) => format.format(ms)
}

/**
 * For each day of a year, the first instant at which the clock shows the time, or has jumped over
 * it. Minute by minute around midnights.
 */
function oracle(zone: string, time: string, fromMs: number, toMs: number): string[] {
  const wall = wallClock(zone)
  const found: string[] = []
  const done = new Set<string>()
  for (let ms = fromMs; ms <= toMs; ms += 15 * 60_000) {
    const [day = '', clock = ''] = wall(ms).split(' ')
    if (done.has(day) || clock < time) continue
    done.add(day)
    if (ms === fromMs) continue
    found.push(new Date(ms).toISOString().slice(0, 16))
  }
  return found
}

describe('the instants of a schedule', () => {
  it('come an hour later on the day whose clocks jump over them', async () => {
    expect(
      await between(daily('30 2 * * *', 'America/New_York'), '2026-03-07T00:00Z', '2026-03-10T00:00Z'),
    ).to.deep.equal(['2026-03-07T07:30', '2026-03-08T07:30', '2026-03-09T06:30'])
  })

  it('come once on the day that has their time twice', async () => {
    expect(
      await between(daily('30 1 * * *', 'America/New_York'), '2026-10-31T00:00Z', '2026-11-03T00:00Z'),
    ).to.deep.equal(['2026-10-31T05:30', '2026-11-01T05:30', '2026-11-02T06:30'])
  })

  it('are the same from wherever one begins to count', async () => {
    for (const [expression, zone, day] of [
      ['30 2 * * *', 'America/New_York', '2026-03-08'],
      ['30 1 * * *', 'America/New_York', '2026-11-01'],
      ['15 2 * * *', 'Australia/Lord_Howe', '2026-10-03'],
      ['0 2 * * *', 'Australia/Lord_Howe', '2026-04-04'],
      ['30 0 * * *', 'Africa/Cairo', '2026-04-23'],
    ] as const) {
      const timed = daily(expression, zone)
      const start = Date.parse(`${day}T00:00Z`)
      const all = await between(timed, new Date(start).toISOString(), new Date(start + 3 * 86_400_000).toISOString())
      for (let minutes = 0; minutes < 48 * 60; minutes += 15) {
        const from = new Date(start + minutes * 60_000)
        const later = await between(timed, from.toISOString(), new Date(start + 3 * 86_400_000).toISOString())
        expect(later, `${expression} ${zone} from ${from.toISOString()}`).to.deep.equal(
          all.filter((instant) => `${instant}:00.000Z` > from.toISOString()),
        )
      }
    }
  })

  for (const [zone, time] of [
    ['UTC', '00:00'],
    ['America/New_York', '01:30'],
    ['Europe/Berlin', '03:00'],
    ['Asia/Kathmandu', '23:45'],
    ['America/Sao_Paulo', '12:00'],
    ['Pacific/Apia', '12:00'],
    ['Pacific/Kiritimati', '00:15'],
  ] as const) {
    it(`are every day of three years at ${time} in ${zone}, as a walk through its clock finds them`, async () => {
      const [hour, minute] = time.split(':').map(Number)
      const [from, to] = ['2026-01-01T00:00Z', '2029-01-01T00:00Z']
      const found = await between(daily(`${minute} ${hour} * * *`, zone), from, to)
      expect(found).to.deep.equal(oracle(zone, time, Date.parse(from), Date.parse(to)))
      expect(found.length).to.be.within(1095, 1097)
    })
  }

  it('leave out the day that a zone left out', async () => {
    expect(await between(daily('0 12 * * *', 'Pacific/Apia'), '2011-12-28T00:00Z', '2012-01-01T00:00Z')).to.deep.equal([
      '2011-12-28T22:00',
      '2011-12-29T22:00',
      '2011-12-30T22:00',
      '2011-12-31T22:00',
    ])
  })

  it('know leap days, also across a century without one', async () => {
    const timed = daily('0 3 29 2 *', 'UTC')
    expect(await between(timed, '2026-01-01T00:00Z', '2033-01-01T00:00Z')).to.deep.equal([
      '2028-02-29T03:00',
      '2032-02-29T03:00',
    ])
    expect(await between(timed, '2096-03-01T00:00Z', '2105-01-01T00:00Z')).to.deep.equal(['2104-02-29T03:00'])
  })

  it('are on either day where the day of the month and that of the week are both restricted', async () => {
    expect(await between(daily('0 3 13 * 5', 'UTC'), '2026-11-01T00:00Z', '2026-11-30T00:00Z')).to.deep.equal([
      '2026-11-06T03:00',
      '2026-11-13T03:00',
      '2026-11-20T03:00',
      '2026-11-27T03:00',
    ])
  })

  it('are none while the schedule is paused, and after its one time', async () => {
    const stamp = new Date('2026-01-01T00:00Z')
    const schedule: Schedule = {
      id: 'sched-1',
      kind: 'environment_rotation',
      timing: { kind: 'once', at: new Date('2026-02-01T00:00Z') },
      timezone: 'UTC',
      paused: false,
      created: stamp,
      modified: stamp,
    }
    expect(await nextRuns(schedule, stamp, 5)).to.deep.equal([new Date('2026-02-01T00:00Z')])
    expect(await nextRuns(schedule, new Date('2026-02-01T00:00Z'), 5)).to.deep.equal([])
    expect(await nextRuns({ ...schedule, paused: true }, stamp, 5)).to.deep.equal([])
  })
})
