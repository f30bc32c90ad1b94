import { expect } from 'chai'
import {
  jitterMs,
  nextScheduleId,
  nextStep,
  readSchedule,
  type Schedule,
  type ScheduledRun,
  scheduleField,
} from '../../src/schedule/index.ts'

const at = (text: string) => new Date(`2026-03-${text}Z`)
const schedule: Schedule = {
  id: 'sched-1',
  kind: 'environment_rotation',
  timing: { kind: 'cron', expression: '0 3 * * *' },
  timezone: 'UTC',
  paused: false,
  created: at('01T00:00'),
  modified: at('01T00:00'),
}
const run = (due: string, more: Partial<ScheduledRun> = {}): ScheduledRun => ({
  id: `evt-${due}`,
  schedule: 'sched-1',
  due: at(due).toISOString(),
  attempt: 1,
  executed: at(due).toISOString(),
  completed: at(due).toISOString(),
  result: 'succeeded',
  ...more,
})

describe('the next step of a schedule', () => {
  it('is its first instant after it was made', async () => {
    expect(await nextStep(schedule, [], at('01T01:00'))).to.deep.equal({
      at: at('01T03:00'),
      due: at('01T03:00'),
      attempt: 1,
      missed: 0,
      paths: undefined,
    })
  })

  it('is due at its instant, and no more once that has run, whatever the result', async () => {
    expect(await nextStep(schedule, [], at('01T03:00'))).to.deep.include({ at: at('01T03:00'), missed: 0 })
    for (const result of ['succeeded', 'partial', 'failed'] as const)
      expect((await nextStep(schedule, [run('01T03:00', { result })], at('01T03:00')))?.at).to.satisfy(
        (next: Date) => next > at('01T03:00'),
      )
  })

  it('makes up for the newest of the instants that were missed, and for no other', async () => {
    expect(await nextStep(schedule, [run('01T03:00')], at('09T12:00'))).to.deep.include({
      due: at('09T03:00'),
      missed: 7,
    })
  })

  it('is none while it is paused; what was missed then is not made up for', async () => {
    expect(await nextStep({ ...schedule, paused: true }, [], at('09T12:00'))).to.equal(undefined)
    expect(
      await nextStep({ ...schedule, modified: at('09T12:00') }, [run('01T03:00')], at('09T12:00')),
    ).to.deep.include({
      due: at('10T03:00'),
      missed: 0,
    })
  })

  it('tries what failed again, with growing pauses, until the next instant comes', async () => {
    const failed = run('01T03:00', { result: 'partial', failed: ['db'], completed: at('01T03:01').toISOString() })
    expect(await nextStep(schedule, [failed], at('01T03:02'))).to.deep.equal({
      at: at('01T03:06'),
      due: at('01T03:00'),
      attempt: 2,
      missed: 0,
      paths: ['db'],
    })
    const pauses: number[] = []
    const runs = [failed]
    for (let attempt = 2; attempt <= 7; attempt++) {
      const last = runs.at(-1)!
      const step = (await nextStep(schedule, runs, new Date(last.completed)))!
      if (step.attempt === 1) break
      pauses.push((step.at.getTime() - Date.parse(last.completed)) / 60_000)
      runs.push(run('01T03:00', { result: 'failed', attempt, completed: step.at.toISOString() }))
    }
    expect(pauses).to.deep.equal([5, 15, 45, 135, 405])
    expect(await nextStep(schedule, runs, at('02T02:59'))).to.deep.include({
      due: at('02T03:00'),
      attempt: 1,
      paths: undefined,
    })
  })

  it('begins anew when it was edited, and gives up after ten attempts', async () => {
    const failed = run('01T03:00', { result: 'failed' })
    const once: Schedule = { ...schedule, timing: { kind: 'once', at: at('01T03:00') } }
    expect(await nextStep(once, [failed], at('01T03:00'))).to.deep.include({ attempt: 2 })
    expect(await nextStep({ ...once, modified: at('01T03:01') }, [failed], at('01T03:02'))).to.equal(undefined)
    expect(await nextStep(once, [{ ...failed, attempt: 10 }], at('20T00:00'))).to.equal(undefined)
  })

  it('is not put off by a line about a run that is yet to come', async () => {
    const runs = [run('01T03:00'), run('31T03:00')]
    expect(await nextStep(schedule, runs, at('02T03:00'))).to.deep.include({ due: at('02T03:00'), missed: 0 })
  })

  it('does not mind in what order lines of two machines were merged', async () => {
    const runs = [run('03T03:00'), run('01T03:00', { result: 'failed' }), run('02T03:00')]
    expect(await nextStep(schedule, runs, at('03T04:00'))).to.deep.include({ due: at('04T03:00'), attempt: 1 })
  })
})

describe('a schedule in the settings', () => {
  it('comes back as it was written', () => {
    for (const each of [
      schedule,
      { ...schedule, paused: true, timezone: 'Europe/Berlin' },
      { ...schedule, timing: { kind: 'once', at: at('04T00:00') } as const },
    ])
      expect(readSchedule(scheduleField(each), 'settings.yaml')).to.deep.equal(each)
    expect(readSchedule(undefined, 'settings.yaml')).to.equal(undefined)
  })

  for (const [field, problem] of [
    ['nightly', 'is not a mapping'],
    [{ ...scheduleField(schedule), id: undefined }, 'has no id'],
    [{ ...scheduleField(schedule), kind: 'environment_deletion' }, "is of the unknown kind 'environment_deletion'"],
    [{ ...scheduleField(schedule), cron: undefined }, 'has neither cron nor once'],
    [{ ...scheduleField(schedule), once: '2027-01-01T00:00:00Z' }, 'has both cron and once'],
    [{ ...scheduleField(schedule), modified: 'then' }, "has no valid time 'modified'"],
  ] as const) {
    it(`is refused, naming the file, when it ${problem}`, () => {
      expect(() => readSchedule(field, 'a/settings.yaml')).to.throw(`the schedule in a/settings.yaml ${problem}`)
    })
  }

  it('never has the id of an earlier one', () => {
    expect(nextScheduleId([])).to.equal('sched-1')
    expect(nextScheduleId([run('01T03:00'), run('02T03:00', { schedule: 'sched-7' })])).to.equal('sched-8')
  })
})

describe('jitter', () => {
  it('is the same for an environment each time, below its width, and evenly spread', () => {
    const delays = Array.from({ length: 500 }, (_, index) => jitterMs(`environment-${index}`, 60_000))
    expect(delays).to.deep.equal(Array.from({ length: 500 }, (_, index) => jitterMs(`environment-${index}`, 60_000)))
    expect(Math.max(...delays)).to.be.below(60_000)
    for (let tenth = 0; tenth < 10; tenth++)
      expect(delays.filter((delay) => Math.floor(delay / 6000) === tenth).length).to.be.within(25, 80)
    expect(jitterMs('x', 0)).to.equal(0)
  })
})
