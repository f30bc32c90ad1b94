import { expect } from 'chai'
import { EscError } from '../../src/errors.ts'
import { readTiming } from '../../src/schedule/index.ts'

const now = new Date('2026-03-04T05:06:07Z')
const refused = async (request: { cron?: string; once?: string; timezone?: string }): Promise<EscError> => {
  try {
    await readTiming({ cron: undefined, once: undefined, timezone: undefined, ...request }, now)
  } catch (error) {
    if (error instanceof EscError) return error
    throw error
  }
  throw new Error('it was accepted')
}
const accepted = (request: { cron?: string; once?: string; timezone?: string }) =>
  readTiming({ cron: undefined, once: undefined, timezone: undefined, ...request }, now)

describe('what a user says about the time of a schedule', () => {
  it('is one of cron and once, in the words people know', async () => {
    expect((await refused({})).message).to.equal('exactly one of "cron" or "once" must be set')
    expect((await refused({ cron: '0 3 * * *', once: '2027-01-01T00:00:00Z' })).message).to.equal(
      'only one of "cron" or "once" may be set',
    )
  })

  it('keeps the expression, its blanks aside, and is read in UTC unless a zone is named', async () => {
    expect(await accepted({ cron: ' 30  3 * * MON-fri ' })).to.deep.equal({
      timing: { kind: 'cron', expression: '30 3 * * MON-fri' },
      timezone: 'UTC',
    })
    expect(await accepted({ cron: '30 3 * * *', timezone: 'Europe/Berlin' })).to.have.property(
      'timezone',
      'Europe/Berlin',
    )
  })

  for (const cron of [
    '',
    '0 3 * *',
    '0 0 3 * * *',
    '@reboot',
    '@fortnightly',
    '@daily 3',
    'H 3 * * *',
    '0 3 L * *',
    '0 3 ? * *',
    '0 3 * * 1#2',
    '0 3 1W * *',
    '0 25 * * *',
    '0 3 32 * *',
    '0 3 * * 8',
    'x',
    '0 3 * * *; rm -rf /',
  ]) {
    it(`refuses ${JSON.stringify(cron)}, and says how to write it`, async () => {
      const error = await refused({ cron })
      expect(error.code).to.equal('usage')
      expect(error.message).to.include('cron expression')
      expect(error.hint).to.include('minute, hour, day of the month, month, day of the week')
    })
  }

  for (const [cron, expression] of Object.entries({
    '@daily': '0 0 * * *',
    '@midnight': '0 0 * * *',
    ' @Weekly ': '0 0 * * 0',
    '@monthly': '0 0 1 * *',
    '@yearly': '0 0 1 1 *',
    '@annually': '0 0 1 1 *',
  })) {
    it(`keeps the five fields that ${JSON.stringify(cron)} stands for`, async () => {
      expect((await accepted({ cron, timezone: 'Europe/Berlin' })).timing).to.deep.equal({ kind: 'cron', expression })
    })
  }

  it('understands @hourly, and names it where it says why that is too often', async () => {
    const error = await refused({ cron: '@hourly' })
    expect(error.message).to.equal(
      "cron expression '@hourly' runs more than once a day; a rotation is scheduled at most daily",
    )
  })

  for (const cron of ['* * * * *', '*/5 * * * *', '0 */12 * * *', '0,30 3 * * *', '0 3,15 * * *', '0 3-4 1 1 *']) {
    it(`refuses ${JSON.stringify(cron)}, which is more often than daily`, async () => {
      expect((await refused({ cron })).message).to.include('more than once a day')
    })
  }

  for (const cron of [
    '0 3 * * *',
    '59 23 * * *',
    '0-0 3 * * *',
    '0 3 29 2 *',
    '0 3 * * 7',
    '0 3 * * 0,6',
    '0 3 1-7/2 * 1',
    '0 3 1 JAN,jul *',
  ]) {
    it(`accepts ${JSON.stringify(cron)}`, async () => {
      expect((await accepted({ cron })).timing.kind).to.equal('cron')
    })
  }

  for (const cron of ['0 3 31 2 *', '0 3 30 2 *', '0 3 31 4,6 *']) {
    it(`refuses ${JSON.stringify(cron)}, a day that never comes`, async () => {
      expect((await refused({ cron })).message).to.include('never run')
    })
  }

  it('refuses a zone that there is not, and a zone for a time that names its own offset', async () => {
    expect((await refused({ cron: '0 3 * * *', timezone: 'Mars/Olympus' })).message).to.equal(
      "there is no time zone 'Mars/Olympus'",
    )
    expect((await refused({ once: '2027-01-01T00:00:00Z', timezone: 'UTC' })).message).to.include('"timezone"')
  })

  for (const [once, at] of [
    ['2026-03-04T05:06:08Z', '2026-03-04T05:06:08.000Z'],
    ['2027-01-31T03:30:00+01:00', '2027-01-31T02:30:00.000Z'],
    ['2027-01-31t03:30:00.250z', '2027-01-31T03:30:00.250Z'],
    ['2027-01-31 03:30-0230', '2027-01-31T06:00:00.000Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
  ] as const) {
    it(`reads once ${once}`, async () => {
      const { timing } = await accepted({ once })
      expect(timing.kind === 'once' && timing.at.toISOString()).to.equal(at)
    })
  }

  for (const once of [
    '',
    'tomorrow',
    '2027-01-31',
    '2027-02-30T00:00:00Z',
    '2027-13-01T00:00:00Z',
    '2027-01-31T25:00:00Z',
    '1799999999',
  ]) {
    it(`refuses once ${JSON.stringify(once)}`, async () => {
      expect((await refused({ once })).message).to.match(/^"once" must be an ISO 8601 \/ RFC 3339 timestamp: /)
    })
  }

  it('asks for the offset where a time has none, and refuses the past', async () => {
    expect((await refused({ once: '2027-01-31T03:30:00' })).message).to.include('it has no offset from UTC')
    expect((await refused({ once: '2026-03-04T05:06:07Z' })).message).to.equal(
      '"once" must be a timestamp in the future',
    )
  })
})
