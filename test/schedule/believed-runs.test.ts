import { expect } from 'chai'
import {
  believedRuns,
  nextScheduleId,
  nextStep,
  overdueInstant,
  type Schedule,
  type ScheduledRun,
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
const sealed = (due: string, ...attempts: number[]) => ({ due: at(due), attempts: new Set(attempts) })
const now = at('05T12:00')
const believed = (lines: unknown[], revisions = sealed('04T03:00', 1)) =>
  believedRuns(lines, { schedule: 'sched-1', sealed: revisions, hasRotator: (path) => path === 'b', now })

describe('the runs of a schedule that are believed', () => {
  it('are those that a revision shows, and those that failed', () => {
    const lines = [run('03T03:00'), run('04T03:00'), run('05T03:00', { result: 'failed' })]
    expect(believed(lines)).to.deep.equal({ runs: lines, ignored: [] })
  })

  it('leave out a success that no revision shows, so that the run is made', async () => {
    const lines = [run('04T03:00'), run('05T03:00')]
    const { runs, ignored } = believed(lines)
    expect(ignored).to.deep.equal([{ run: lines[1], why: 'unsealed' }])
    expect((await nextStep(schedule, runs, now))?.due).to.deep.equal(at('05T03:00'))
    expect(
      believedRuns(lines, { schedule: 'sched-1', sealed: undefined, hasRotator: () => true, now }).runs,
    ).to.deep.equal([])
  })

  it('leave out a failure of an attempt that a revision shows, so that nothing is rotated twice', () => {
    expect(believed([run('04T03:00', { result: 'failed' })]).ignored.map(({ why }) => why)).to.deep.equal(['unsealed'])
  })

  it('leave out a second attempt that claims success where only the first has a revision', () => {
    const partial = run('04T03:00', { result: 'partial', failed: ['b'] })
    expect(believed([partial, run('04T03:00', { attempt: 2 })]).runs).to.deep.equal([partial])
    expect(believed([partial, run('04T03:00', { attempt: 2 })], sealed('04T03:00', 1, 2)).runs).to.have.length(2)
  })

  it('have a retry without a revision where all that failed is gone since', () => {
    const partial = (path: string) => run('04T03:00', { result: 'partial', failed: [path] })
    const again = run('04T03:00', { attempt: 2 })
    expect(believed([partial('gone'), again]).runs).to.have.length(2)
    expect(believed([partial('b'), again]).runs).to.have.length(1)
  })

  it('leave out what is from the future, in any of its times', async () => {
    const ahead = new Date('2031-01-01T00:00:00Z').toISOString()
    for (const field of ['due', 'executed', 'completed'] as const) {
      const { runs, ignored } = believed([run('05T03:00', { result: 'failed', [field]: ahead })])
      expect(
        ignored.map(({ why }) => why),
        field,
      ).to.deep.equal(['ahead'])
      expect((await nextStep(schedule, runs, now))?.at, field).to.deep.equal(at('05T03:00'))
    }
    const skewed = new Date(now.getTime() + 4 * 60_000).toISOString()
    expect(believed([run('05T03:00', { result: 'failed', completed: skewed })]).runs).to.have.length(1)
  })

  it('leave out lines of any other shape, and take lines in any order and twice', async () => {
    const broken: unknown[] = [
      null,
      5,
      'text',
      [],
      {},
      { ...run('05T03:00'), due: 'soon' },
      { ...run('05T03:00'), due: '+275760-09-13T00:00:00.000Z' },
      { ...run('05T03:00'), due: '-000001-01-01T00:00:00.000Z' },
      { ...run('05T03:00'), completed: 1e99 },
      { ...run('05T03:00'), attempt: -1 },
      { ...run('05T03:00'), attempt: 1e300 },
      { ...run('05T03:00'), result: 'done' },
      { ...run('05T03:00'), failed: 'all' },
    ]
    expect(believed(broken)).to.deep.equal({ runs: [], ignored: [] })
    expect(nextScheduleId([...broken, run('05T03:00', { schedule: 'sched-7' })])).to.equal('sched-8')
    const { runs } = believed([run('04T03:00'), run('04T03:00'), run('03T03:00')])
    expect(runs.map(({ due }) => due)).to.deep.equal(
      [at('03T03:00'), at('04T03:00'), at('04T03:00')].map((each) => each.toISOString()),
    )
  })
})

describe('an overdue run', () => {
  const overdue = (sealedDue: Date | undefined, when: Date, more: Partial<Schedule> = {}) =>
    overdueInstant({ ...schedule, ...more }, { sealedDue, lastRotated: undefined, now: when, allowedMs: 3_600_000 })

  it('is one that no revision shows an hour after its instant', async () => {
    expect(await overdue(at('04T03:00'), at('05T03:59'))).to.equal(undefined)
    expect(await overdue(at('04T03:00'), at('05T04:01'))).to.deep.equal(at('05T03:00'))
    expect(await overdue(at('05T03:00'), at('05T12:00'))).to.equal(undefined)
    expect(await overdue(undefined, at('05T12:00'))).to.deep.equal(at('05T03:00'))
  })

  it('is none while a rotation by hand keeps it waiting', async () => {
    const evidence = { sealedDue: at('04T03:00'), lastRotated: at('05T11:30'), now, allowedMs: 3_600_000 }
    expect(await overdueInstant(schedule, evidence)).to.equal(undefined)
    expect(await overdueInstant(schedule, { ...evidence, now: at('05T12:31') })).to.deep.equal(at('05T03:00'))
  })

  it('stays so when the next instant comes', async () => {
    expect(await overdue(at('03T03:00'), at('05T03:01'))).to.deep.equal(at('05T03:00'))
  })

  it('is none of a schedule that is paused or was made since', async () => {
    expect(await overdue(undefined, now, { paused: true })).to.equal(undefined)
    expect(await overdue(undefined, now, { modified: at('05T04:00') })).to.equal(undefined)
  })
})
