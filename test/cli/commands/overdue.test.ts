import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

const CI = 'values:\n  admin: {fn::rotate::password: {inputs: {length: 20}}}\n'
const due = '2026-03-05T03:00:00Z'

describe('a rotation by the clock that nothing has run', () => {
  let playground: Playground
  beforeEach(async () => {
    playground = await new Playground().withEnvironment('rotators/ci', CI)
    await playground.ok('env', 'schedule', 'new', 'rotators/ci', '--cron', '@daily')
    await playground.ok('env', 'schedule', 'edit', 'rotators/ci', 'sched-1', '--cron', '0 3 * * *')
  })
  afterEach(() => playground.remove())
  const at = (time: string, ...words: string[]) => playground.run(words, { io: { now: () => new Date(time) } })
  const soon = (...words: string[]) => at('2026-03-05T03:20:00Z', ...words)
  const late = (...words: string[]) => at('2026-03-05T05:00:00Z', ...words)

  it('is shown by every command that says how the environment stands', async () => {
    const said = `rotators/ci: rotation is overdue: it was due ${due}`
    for (const words of [
      ['status'],
      ['env', 'status'],
      ['env', 'status', 'rotators/ci'],
      ['env', 'get', 'rotators/ci'],
      ['env', 'get', 'rotators/ci', '--definition'],
      ['env', 'rotators'],
    ]) {
      const before = await soon(...words)
      expect(before.out + before.err, words.join(' ')).to.not.include('verdue')
      const { code, out, err } = await late(...words)
      expect(out + err, words.join(' '))
        .to.include(said)
        .and.to.include('esc scheduler tick')
      expect(code, words.join(' ')).to.equal(0)
    }
    expect((await soon('check')).code).to.equal(0)
    const checked = await late('check', '--output', 'json')
    expect(checked.code).to.equal(1)
    expect(JSON.parse(checked.out).findings).to.containSubset([
      { severity: 'warning', kind: 'overdue_rotation', environment: 'rotators/ci' },
    ])
    expect((await late('check', 'rotators/ci')).out).to.include(`the rotation that was due ${due} has not run`)
    const listed = await late('env', 'schedule', 'list', 'rotators/ci', '--utc')
    expect(listed.out).to.include('2026-03-06T03:00:00Z (overdue)')
    expect(listed.err).to.include(`warning: overdue: due ${due}`)
    expect((await late('env', 'rotators')).out).to.match(/overdue/)
  })

  it('is in what scripts read', async () => {
    const json = async (...words: string[]) => JSON.parse((await late(...words, '--output', 'json')).out)
    expect((await json('status')).overdue).to.deep.equal([
      { environment: 'rotators/ci', due: '2026-03-05T03:00:00.000Z' },
    ])
    expect((await json('env', 'status')).environments[0].overdueSince).to.equal('2026-03-05T03:00:00.000Z')
    expect((await json('env', 'rotators')).rotators[0].overdueSince).to.equal('2026-03-05T03:00:00.000Z')
    expect((await json('env', 'schedule', 'list', 'rotators/ci', '--utc')).schedules[0].overdueSince).to.equal(due)
  })

  it('is overdue no more once it ran, or while the schedule is paused', async () => {
    expect((await late('scheduler', 'tick')).out).to.include('rotators/ci: rotated')
    expect((await late('status')).out).to.not.include('Overdue')
    const next = '2026-03-06T05:00:00Z'
    expect((await at(next, 'status')).out).to.include('Overdue')
    await at(next, 'env', 'schedule', 'pause', 'rotators/ci', 'sched-1')
    expect((await at(next, 'status')).out).to.not.include('Overdue')
    expect((await at(next, 'check')).code).to.equal(0)
  })

  it('is announced where a schedule is made and no scheduler has looked after the store', async () => {
    await playground.ok('env', 'init', 'rotators/other')
    const make = (time: string) => at(time, 'env', 'schedule', 'new', 'rotators/other', '--cron', '@weekly')
    const again = async (time: string) => {
      await playground.ok(
        'env',
        'schedule',
        'remove',
        'rotators/other',
        (await playground.ok('env', 'schedule', 'list', 'rotators/other')).match(/sched-\d+/)![0],
        '--yes',
      )
      return make(time)
    }
    const first = await make('2026-03-04T05:00:00Z')
    expect(first.out).to.equal('Created schedule sched-1 for local/rotators/other\n')
    expect(first.err)
      .to.include('note: no scheduler has looked after this store on this machine. Unless one does elsewhere')
      .and.include('esc scheduler install')
    await soon('scheduler', 'tick')
    expect((await again('2026-03-05T12:00:00Z')).err).to.equal('')
    expect((await again('2026-03-09T12:00:00Z')).err).to.include('on this machine since 2026-03-05T03:20:00Z.')
  })

  it('leaves its schedule in the list where the environment cannot be read', async () => {
    const revision = join(playground.store, 'rotators', 'ci', 'revisions', '2.yaml')
    expect(existsSync(revision)).to.equal(true)
    renameSync(revision, `${revision}.gone`)
    writeFileSync(revision, 'not: [a revision')
    for (const words of [['list'], ['get']]) {
      const request = ['env', 'schedule', ...words, 'rotators/ci', ...(words[0] === 'get' ? ['sched-1'] : []), '--utc']
      const { code, out, err } = await soon(...request)
      expect(code).to.equal(1)
      expect(out).to.include('sched-1').and.to.include('0 3 * * *').and.to.include('unknown')
      expect(err).to.include('warning: the environment cannot be read, so nothing is rotated')
    }
    const [listed] = JSON.parse(
      (await soon('env', 'schedule', 'list', 'rotators/ci', '--output', 'json')).out,
    ).schedules
    expect(listed).to.include({ id: 'sched-1', lastExecuted: 'unknown' }).and.have.property('problem')
    const tick = await soon('scheduler', 'tick', '--output', 'json')
    expect(tick.code).to.equal(1)
    expect(JSON.parse(tick.out).unreadable).to.containSubset([{ environment: 'rotators/ci' }])
    rmSync(revision)
    renameSync(`${revision}.gone`, revision)
    expect((await soon('scheduler', 'tick')).out).to.include('rotators/ci: rotated')
  })
})
