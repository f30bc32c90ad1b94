import { expect } from 'chai'
import fc from 'fast-check'
import { notOverdueUntil, overdueInstant, type Schedule } from '../../src/schedule/index.ts'

const begun = Date.parse('2026-03-27T10:00:00Z')
const minute = 60_000

const schedules: fc.Arbitrary<Schedule> = fc
  .record({
    expression: fc.constantFrom('5 3 * * 1-5', '0 3 * * *', '30 2 * * 0', '0 0 1 * *', undefined),
    paused: fc.boolean(),
    timezone: fc.constantFrom('UTC', 'Europe/Berlin'),
  })
  .map(({ expression, paused, timezone }) => {
    const once = { kind: 'once', at: new Date(begun + 90 * minute) } as const
    const timing = expression === undefined ? once : ({ kind: 'cron', expression } as const)
    return { timing, timezone, paused, modified: new Date(begun) } as Schedule
  })
/** A time in the ten days after the schedule was made. */
const time = fc.integer({ min: 0, max: 14_400 }).map((minutes) => new Date(begun + minutes * minute))

describe('the time until which nothing is overdue', () => {
  it('is one before which no instant is found to be overdue', async () => {
    let found = 0
    await fc.assert(
      fc.asyncProperty(
        schedules,
        fc.option(time, { nil: undefined }),
        fc.option(time, { nil: undefined }),
        time,
        fc.integer({ min: 1, max: 600 }),
        async (schedule, sealedDue, lastRotated, now, minutes) => {
          const allowedMs = minutes * minute
          const until = await notOverdueUntil(schedule, { sealedDue, allowedMs })
          const overdue = await overdueInstant(schedule, { sealedDue, lastRotated, now, allowedMs })
          if (overdue !== undefined) found += 1
          if (until === undefined || now <= until) expect(overdue).to.equal(undefined)
          else if (lastRotated === undefined) expect(overdue).to.be.an.instanceOf(Date)
        },
      ),
      { numRuns: 300 },
    )
    expect(found).to.be.greaterThan(20)
  })
})
