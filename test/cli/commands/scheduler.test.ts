import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Store } from '../../../src/store/index.ts'
import { Playground } from './esc.ts'

const PASSWORD = 'values:\n  admin: {fn::rotate::password: {inputs: {length: 20}}}\n'
const BROKEN = `  login: {fn::open::aws-login: {static: {accessKeyId: AKIAEXAMPLE, secretAccessKey: {fn::secret: not-a-real-secret}}}}
  key: {fn::rotate::aws-iam: {inputs: {region: us-west-2, login: "\${login}", userArn: nonsense}}}
`

describe('scheduler tick', () => {
  let playground: Playground
  let now: Date
  beforeEach(async () => {
    playground = new Playground()
    now = new Date('2026-03-04T00:00:00Z')
    await playground.withEnvironment('rotators/ci', PASSWORD)
    await schedule('new', 'rotators/ci', '--cron', '0 3 * * *')
  })
  afterEach(() => playground.remove())

  const run = (...words: string[]) => playground.run(words, { io: { now: () => now } })
  const schedule = async (...words: string[]) => {
    const ran = await run('env', 'schedule', ...words)
    expect(ran.err).to.match(/^(?:note: no scheduler has looked after this store (?:.|\n)*)?$/)
    return ran.out
  }
  const at = (time: string) => {
    now = new Date(`2026-03-${time}Z`)
  }
  const tick = async (...flags: string[]) => {
    const { code, out, err } = await run('scheduler', 'tick', '--output', 'json', ...flags)
    return { code, err, ...JSON.parse(out) }
  }
  const dues = (name = 'rotators/ci') => {
    const folder = join(playground.store, name, 'revisions')
    return readdirSync(folder)
      .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
      .flatMap((file) => /^due: "(.*)"$/m.exec(readFileSync(join(folder, file), 'utf8'))?.[1]?.slice(0, 16) ?? [])
  }

  it('does nothing before the time, runs once at it, and nothing again', async () => {
    at('04T02:59:59')
    expect(await run('scheduler', 'tick')).to.deep.equal({ code: 0, out: 'Nothing is due.\n', err: '' })
    at('04T03:00:00')
    expect(await run('scheduler', 'tick')).to.deep.equal({
      code: 0,
      out: 'rotators/ci: rotated, revision 3 (due 2026-03-04T03:00:00Z)\n',
      err: '',
    })
    expect((await run('scheduler', 'tick')).out).to.equal('Nothing is due.\n')
    expect(dues()).to.deep.equal(['2026-03-04T03:00'])
    expect(await schedule('history', 'rotators/ci', 'sched-1', '--utc')).to.match(
      /│ evt-[0-9a-f]{8} │ 2026-03-04T03:00:00Z │ +3 │ succeeded │/,
    )
    expect(await schedule('get', 'rotators/ci', 'sched-1', '--utc')).to.include(
      'Next execution: 2026-03-05T03:00:00Z\nLast executed: 2026-03-04T03:00:00Z\n',
    )
  })

  it('makes up for downtime with one run, and says what was missed', async () => {
    at('09T12:00:00')
    expect((await run('scheduler', 'tick')).out).to.equal(
      'rotators/ci: rotated, revision 3 (due 2026-03-09T03:00:00Z, 5 before it missed)\n',
    )
    expect(dues()).to.deep.equal(['2026-03-09T03:00'])
  })

  it('leaves what is paused, and goes on with the next instant when it is resumed', async () => {
    await schedule('pause', 'rotators/ci', 'sched-1')
    at('05T12:00:00')
    expect((await tick()).runs).to.deep.equal([])
    await schedule('resume', 'rotators/ci', 'sched-1')
    expect((await tick()).runs).to.deep.equal([])
    at('06T03:00:00')
    expect((await tick()).runs).to.have.length(1)
  })

  it('retries just what failed, later and later, and exits with 3 where some of it went well', async () => {
    const edited = await playground.run(['env', 'edit', 'rotators/ci', '-f', '-'], { input: PASSWORD + BROKEN })
    expect(edited.err).to.equal('')
    at('04T03:00:00')
    const first = await tick()
    expect(first.code).to.equal(3)
    expect(first.runs[0]).to.deep.include({ result: 'partial', revision: 4, attempt: 1 })
    expect(first.runs[0].failed[0].path).to.equal('key')
    expect(first.runs[0].retryAt).to.equal('2026-03-04T03:05:00.000Z')
    expect((await tick()).runs).to.deep.equal([])
    at('04T03:05:00')
    const second = await tick()
    expect(second.code).to.equal(1)
    expect(second.runs[0]).to.deep.include({ result: 'failed', attempt: 2 })
    expect(second.runs[0]).to.not.have.property('revision')
    at('04T03:19:59')
    expect((await tick()).runs).to.deep.equal([])
    at('04T03:20:00')
    expect((await tick()).runs[0]).to.deep.include({ result: 'failed', attempt: 3 })
    // Mended: the next attempt has nothing left to do for the path that is gone.
    await playground.run(['env', 'rm', 'rotators/ci', 'key'])
    at('04T04:05:00')
    expect(await tick()).to.deep.include({ code: 0 })
    at('04T12:00:00')
    expect((await tick()).runs).to.deep.equal([])
    expect(dues()).to.deep.equal(['2026-03-04T03:00'])
  })

  it('goes on with other environments when one cannot be rotated, and exits with 1 when all fail', async () => {
    await playground.withEnvironment('rotators/bare', 'values: {a: 1}\n')
    await schedule('new', 'rotators/bare', '--cron', '0 4 * * *')
    at('04T04:00:00')
    const ran = await run('scheduler', 'tick')
    expect(ran.code).to.equal(3)
    expect(ran.out).to.include(
      "rotators/bare: failed (due 2026-03-04T04:00:00Z): Environment 'rotators/bare' has no rotators",
    )
    expect(ran.out).to.include('rotators/ci: rotated')
    at('04T05:00:00')
    expect((await tick()).code).to.equal(1)
  })

  it('waits where a person rotated a moment ago, instead of ending what is in use, and does not call that a failure', async () => {
    at('04T02:50:00')
    await run('env', 'rotate', 'rotators/ci')
    at('04T02:55:00')
    expect((await run('env', 'rotate', 'rotators/ci')).code).to.equal(0)
    at('04T03:00:00')
    const ran = await run('scheduler', 'tick')
    expect(ran.code).to.equal(0)
    expect(ran.out).to.match(
      /^rotators\/ci: waits until 2026-03-04T03:05:00Z \(due 2026-03-04T03:00:00Z\): admin was rotated 5 min ago/,
    )
    at('04T03:05:00')
    expect((await tick()).runs[0]).to.deep.include({ result: 'succeeded', due: '2026-03-04T03:00:00.000Z' })
  })

  it('is not kept from its time for ever by a guard that is longer than the time between two runs', async () => {
    const settings = join(playground.store, 'rotators', 'ci', 'settings.yaml')
    writeFileSync(settings, `${readFileSync(settings, 'utf8')}rotationGuard: 30h\n`)
    const results: string[] = []
    for (let hour = 3; hour < 6 * 24; hour += 3) {
      now = new Date(Date.UTC(2026, 2, 4, hour))
      for (const { result } of (await tick()).runs) if (result !== 'deferred') results.push(`${result} ${hour}`)
    }
    expect(results).to.deep.equal(['succeeded 3', 'succeeded 27', 'succeeded 57', 'succeeded 87', 'succeeded 117'])
  })

  it('finds a run that was cut off between its revision and its record, and does not rotate again', async () => {
    at('04T03:00:00')
    await tick()
    const events = join(playground.store, 'rotators', 'ci', 'events')
    for (const file of readdirSync(events)) writeFileSync(join(events, file), '')
    at('04T03:01:00')
    expect(await run('scheduler', 'tick')).to.deep.equal({
      code: 0,
      out: 'rotators/ci: had been rotated by a run that was cut off, revision 3 (due 2026-03-04T03:00:00Z)\n',
      err: '',
    })
    expect((await tick()).runs).to.deep.equal([])
    expect(dues()).to.deep.equal(['2026-03-04T03:00'])
  })

  it('retries after such a cut what had failed before it', async () => {
    await playground.run(['env', 'edit', 'rotators/ci', '-f', '-'], { input: PASSWORD + BROKEN })
    at('04T03:00:00')
    await tick()
    const events = join(playground.store, 'rotators', 'ci', 'events')
    for (const file of readdirSync(events)) writeFileSync(join(events, file), '')
    const recovered = await tick()
    expect(recovered.runs[0]).to.deep.include({ result: 'recovered', revision: 4 })
    at('04T03:05:00')
    expect((await tick()).runs[0]).to.deep.include({ result: 'failed', attempt: 2 })
    expect(dues()).to.deep.equal(['2026-03-04T03:00'])
  })

  it('refuses a definition that was edited by hand, and does not commit what stands there in clear', async () => {
    execFileSync('git', ['init', '--quiet'], { cwd: playground.folder })
    execFileSync('git', ['add', '--all'], { cwd: playground.folder })
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--quiet', '-m', 'first'], {
      cwd: playground.folder,
    })
    const definition = join(playground.store, 'rotators', 'ci', 'environment.yaml')
    writeFileSync(definition, `${readFileSync(definition, 'utf8')}  mine: {fn::secret: in-the-clear}\n`)
    at('04T03:00:00')
    expect(await tick('--commit')).to.deep.include({ code: 1 })
    const log = execFileSync('git', ['log', '-p'], { cwd: playground.folder, encoding: 'utf8' })
    expect(log).to.include('"result":"failed"')
    expect(log).to.not.include('in-the-clear')
  })

  it('commits each run to git where that is asked for', async () => {
    execFileSync('git', ['init', '--quiet'], { cwd: playground.folder })
    execFileSync('git', ['add', '--all'], { cwd: playground.folder })
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--quiet', '-m', 'first'], {
      cwd: playground.folder,
    })
    at('04T03:00:00')
    expect((await tick('--commit')).code).to.equal(0)
    expect(
      execFileSync('git', ['status', '--porcelain', 'environments'], { cwd: playground.folder, encoding: 'utf8' }),
    ).to.equal('')
    expect(
      execFileSync('git', ['log', '-1', '--format=%an %s'], { cwd: playground.folder, encoding: 'utf8' }),
    ).to.equal('Ada Lovelace esc scheduler rotators/ci\n')
  })

  it('leaves the store to another scheduler that is at work, and says who that is', async () => {
    const keys = { env: playground.env, configFolder: join(playground.folder, 'config'), notify: () => {} }
    const lock = await Store.open(playground.store, { keys }).background.lockScheduler('esc scheduler start')
    try {
      at('04T03:00:00')
      const ran = await run('scheduler', 'tick')
      expect(ran.code).to.equal(0)
      expect(ran.out).to.match(
        /^Nothing to do here: the scheduler of the store .* is locked by process \d+ on .* \(esc scheduler start, since /,
      )
      const second = await run('scheduler', 'start')
      expect(second.code).to.equal(1)
      expect(second.err).to.include('is locked by process')
    } finally {
      lock.release()
    }
    expect((await tick()).runs).to.have.length(1)
  })

  it('says which schedule cannot be read, and runs the others', async () => {
    await playground.withEnvironment('rotators/other', PASSWORD)
    await schedule('new', 'rotators/other', '--cron', '0 3 * * *')
    const settings = join(playground.store, 'rotators', 'ci', 'settings.yaml')
    writeFileSync(settings, readFileSync(settings, 'utf8').replace('0 3 * * *', '0 33 * * *'))
    at('04T03:00:00')
    const ran = await tick()
    expect(ran.code).to.equal(3)
    expect(ran.runs).to.have.length(1)
    expect(ran.problems.join()).to.include('rotators/ci: ').and.include('0 33 * * *')
  })

  it('refuses a schedule that somebody without the key has moved', async () => {
    const settings = join(playground.store, 'rotators', 'ci', 'settings.yaml')
    writeFileSync(settings, readFileSync(settings, 'utf8').replace('0 3 * * *', '0 2 * * *'))
    at('04T02:00:00')
    const ran = await tick()
    expect(ran.code).to.equal(1)
    expect(ran.runs[0].error).to.include('was changed by somebody without the key')
    expect(dues()).to.deep.equal([])
  })

  it('does not rotate, nor write, where the access rules do not let it', async () => {
    const file = join(playground.store, 'esc.yaml')
    const rules =
      'access: {rules: [{environments: "*", principals: somebody@example.com, level: admin}, {environments: "*", principals: ada@example.com, level: open}]}\n'
    writeFileSync(file, readFileSync(file, 'utf8') + rules)
    at('04T03:00:00')
    const before = playground.digest()
    const ran = await tick()
    expect(ran.code).to.equal(1)
    expect(ran.runs[0]).to.deep.include({ result: 'failed', retryAt: '2026-03-04T03:05:00.000Z' })
    expect(ran.runs[0].error).to.include('write')
    expect(playground.digest()).to.equal(before)
  })

  for (const [text, problem] of [
    ['scheduler: often', "scheduler in esc.yaml is 'often'"],
    ['scheduler: {jitter: soon}', "scheduler.jitter in esc.yaml is 'soon'"],
    ['scheduler: {jitter: 2h}', 'scheduler.jitter'],
    ['scheduler: {lease: {remote: "--upload-pack=x"}}', 'scheduler.lease.remote'],
    ['scheduler: {lease: {ref: refs/heads/main}}', 'scheduler.lease.ref'],
    ['scheduler: {lease: {ttl: 5s}}', 'scheduler.lease.ttl'],
    ['scheduler: {lease: {whenUnreachable: panic}}', 'scheduler.lease.whenUnreachable'],
    ['scheduler: {leese: true}', 'scheduler.leese'],
  ] as const) {
    it(`refuses ${text} in esc.yaml`, async () => {
      const file = join(playground.store, 'esc.yaml')
      writeFileSync(file, `${readFileSync(file, 'utf8')}${text}\n`)
      const ran = await run('scheduler', 'tick')
      expect(ran.code).to.equal(1)
      expect(ran.err.replaceAll(`${playground.store}/`, ''))
        .to.include(problem)
        .and.include('hint: ')
    })
  }
})
