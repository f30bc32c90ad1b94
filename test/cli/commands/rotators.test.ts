import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { journalEntryId } from '../../../src/rotation/index.ts'
import { Store } from '../../../src/store/index.ts'
import { Playground } from './esc.ts'

const CI = `values:
  token: {fn::rotate::password: {inputs: {length: 20}}}
  fresh: {fn::rotate::passphrase: {inputs: {}}}
`
const DB = `values:
  ok: {fn::rotate::password: {inputs: {length: 20}}}
  db:
    fn::rotate::postgres:
      inputs:
        database: {host: 127.0.0.1, port: 1, database: x, managingUser: {username: x, password: {fn::secret: not-a-real-one}}}
        rotateUsers: {username1: a, username2: b}
`
const NEW_YEAR = new Date('2027-01-01T00:00:00Z')

describe('esc env rotators', () => {
  let playground: Playground
  beforeEach(async () => {
    playground = new Playground()
    await playground.withEnvironment('rotators/ci', CI)
    await playground.ok('env', 'rotate', 'rotators/ci', 'token')
  })
  afterEach(() => playground.remove())
  const list = async (...words: string[]) =>
    JSON.parse(await playground.ok('env', 'rotators', ...words, '--output', 'json')).rotators

  it('shows when each was rotated, how that went and which credentials it holds', async () => {
    const plain = await playground.ok('env', 'rotators', '--utc')
    expect(plain).to.equal(`ENVIRONMENT  PATH   ROTATOR     LAST ROTATED      AGE  LAST RESULT  CREDENTIALS
rotators/ci  token  password    2026-03-04 05:06  0s   succeeded    current
rotators/ci  fresh  passphrase  never                               none yet
`)
    const io = { stdoutIsTerminal: true, columns: 100 }
    expect(
      (await playground.run(['env', 'rotators', '--utc'], { io, env: { NO_COLOR: '1' } })).out,
    ).to.equal(`┌─────────────┬───────┬────────────┬──────────────────┬─────┬─────────────┬─────────────┐
│ ENVIRONMENT │ PATH  │ ROTATOR    │ LAST ROTATED     │ AGE │ LAST RESULT │ CREDENTIALS │
├─────────────┼───────┼────────────┼──────────────────┼─────┼─────────────┼─────────────┤
│ rotators/ci │ token │ password   │ 2026-03-04 05:06 │ 0s  │ succeeded   │ current     │
│ rotators/ci │ fresh │ passphrase │ never            │     │             │ none yet    │
└─────────────┴───────┴────────────┴──────────────────┴─────┴─────────────┴─────────────┘
`)
    await playground.ok('env', 'rotate', 'rotators/ci', '--force')
    const [token, fresh] = await list()
    expect([token.credentials, fresh.credentials]).to.deep.equal(['current-and-previous', 'current'])
  })

  it('needs no key, and prints no secret', async () => {
    const value = JSON.parse(await playground.ok('open', 'rotators/ci')).token.current
    for (const words of [[], ['--output', 'json']]) {
      const { code, out } = await playground.run(['env', 'rotators', ...words], {
        env: { ESC_CONFIG_HOME: '/nowhere' },
      })
      expect(code).to.equal(0)
      expect(out).not.to.include(value).and.not.include('ZXNj')
    }
  })

  it('shows when a schedule rotates it next', async () => {
    expect((await list())[0].nextRun).to.equal(null)
    await playground.withEnvironment('rotators/other', 'values: {x: {fn::rotate::password: {inputs: {}}}}\n')
    await playground.ok('env', 'schedule', 'new', 'rotators/ci', '--cron', '30 2 * * *')
    const runs = (await list()).map(({ nextRun }: { nextRun: string | null }) => nextRun)
    expect(runs).to.deep.equal(['2026-03-05T02:30:00.000Z', '2026-03-05T02:30:00.000Z', null])
    expect(await playground.ok('env', 'rotators', '--utc')).to.match(/AGE +NEXT RUN .*\n.* 0s +2026-03-05 02:30 /)
  })

  it('takes names and patterns, and refuses what is not there', async () => {
    await playground.withEnvironment('app/dev', 'values: {}\n')
    expect(await list('rotators/*', 'rotators/ci')).to.have.length(2)
    expect(await list('app/dev')).to.have.length(0)
    expect(await playground.ok('env', 'rotators', 'app/dev')).to.equal('')
    expect((await playground.run(['env', 'rotators', 'rotators/ic'])).code).to.equal(1)
    expect((await playground.run(['env', 'rotators', 'rotators/ci@1'])).code).to.equal(2)
  })

  it('with --older-than lists what is old or was never rotated, and says so by its exit code', async () => {
    const at = (now: Date, age: string) =>
      playground.run(['env', 'rotators', '--older-than', age, '--output', 'json'], { io: { now: () => now } })
    const paths = ({ out }: { out: string }) => JSON.parse(out).rotators.map(({ path }: { path: string }) => path)
    await playground.ok('env', 'rotate', 'rotators/ci', 'fresh')
    const young = await at(NEW_YEAR, '400d')
    expect([young.code, paths(young)]).to.deep.equal([0, []])
    const old = await at(NEW_YEAR, '30d')
    expect([old.code, paths(old)]).to.deep.equal([1, ['token', 'fresh']])
    expect((await at(NEW_YEAR, '30')).code).to.equal(2)
    await playground.ok('env', 'set', 'rotators/ci', 'third', '{fn::rotate::password: {inputs: {}}}')
    expect(paths(await at(NEW_YEAR, '52w'))).to.deep.equal(['third'])
  })

  it('shows what failed, and why', async () => {
    appendFileSync(join(playground.store, 'esc.yaml'), 'rotationRetries: 0\n')
    await playground.withEnvironment('rotators/db', DB)
    expect((await playground.run(['env', 'rotate', 'rotators/db'])).code).to.equal(3)
    const [, db] = await list('rotators/db')
    expect(db).to.include({ path: 'db', lastResult: 'failed', lastRotated: null, credentials: 'none' })
    expect(db.error).to.include('ECONNREFUSED')
    expect(await playground.ok('env', 'rotators')).to.match(/ failed .*\n[\s\S]*\nrotators\/db db: .*ECONNREFUSED/)
  })

  it('marks rotations that wait in the journal, also of rotators that are gone', async () => {
    const { store, env } = playground
    const keys = { env, configFolder: env.ESC_CONFIG_HOME!, notify: () => {} }
    const journal = Store.open(store, { keys }).environment('rotators/ci').journal()
    await journal.put(journalEntryId('values.token'), Buffer.from('{}'))
    await journal.put(journalEntryId('values.gone'), Buffer.from('{}'))
    const { out, err } = await playground.run(['env', 'rotators'])
    expect(out).to.match(/token .*interrupted/)
    expect(err).to.include('rotators/ci: a rotation was interrupted').and.include('rotator is gone')
    expect((await list())[0].unfinished).to.equal(true)
  })

  it('knows the age of credentials that came with their state', async () => {
    const state =
      '{current: {accessKeyId: AKIA1, secretAccessKey: {fn::secret: s3}, createdAt: "2026-03-01T00:00:00Z"}}'
    await playground.withEnvironment(
      'rotators/aws',
      `values: {key: {fn::rotate::aws-iam: {inputs: {region: us-east-1, login: {accessKeyId: AKIA0, secretAccessKey: {fn::secret: s0}}, userArn: "arn:aws:iam::123456789012:user/ci"}, state: ${state}}}}\n`,
    )
    const [key] = await list('rotators/aws')
    expect(key).to.include({ lastRotated: '2026-03-01T00:00:00.000Z', lastResult: null, credentials: 'current' })
    expect(key.ageSeconds).to.be.closeTo(3 * 86_400 + 5 * 3600, 3600)
  })

  it('lists the others when one environment cannot be read, and fails', async () => {
    mkdirSync(join(playground.store, 'bad', 'env', 'revisions'), { recursive: true })
    writeFileSync(join(playground.store, 'bad', 'env', 'settings.yaml'), 'id: [\n')
    writeFileSync(join(playground.store, 'bad', 'env', 'revisions', '1.yaml'), 'x')
    const { code, out, err } = await playground.run(['env', 'rotators'])
    expect([code, out.includes('token')]).to.deep.equal([1, true])
    expect(err).to.include('warning: bad/env: ')
  })
})

describe('--watch', () => {
  let playground: Playground
  beforeEach(async () => {
    playground = await new Playground().withEnvironment('rotators/ci', CI)
  })
  afterEach(() => playground.remove())

  /** Interrupts once this many frames have been seen. */
  async function watched(words: readonly string[], terminal: boolean, frames: number) {
    let interrupt = () => {}
    let seen = ''
    let stopped = 0
    const out = (text: string | Uint8Array) => {
      seen += Buffer.from(text as string).toString()
      if (seen.split('LAST ROTATED').length > frames) interrupt()
    }
    const io = {
      out,
      stdoutIsTerminal: terminal,
      rows: 6,
      onInterrupt: (listener: (signal: NodeJS.Signals) => void) => {
        interrupt = () => listener('SIGINT')
        return () => {
          stopped++
        }
      },
    }
    const { code, err } = await playground.run(words, { io, env: { NO_COLOR: '1' } })
    return { code, err, seen, stopped }
  }

  it('draws over what it has drawn, and gives the terminal back when it is interrupted', async () => {
    const before = process.listenerCount('exit')
    const words = ['env', 'rotators', '--watch', '--interval', '100ms', '--older-than', '1d']
    const { code, seen, stopped } = await watched(words, true, 3)
    expect([code, stopped]).to.deep.equal([0, 1])
    expect(process.listenerCount('exit')).to.equal(before)
    const [begin, ...frames] = seen.split('\u001b[?2026h')
    expect(begin).to.equal('\u001b[?1049h\u001b[?25l\u001b[?7l')
    expect(frames).to.have.length(3)
    for (const frame of frames) {
      expect(frame).to.match(/^\u001b\[H/)
      expect(frame).not.to.include('\u001b[2J')
      // As many lines as there is room for.
      expect(frame.split('\u001b[?2026l')[0]!.split('\n')).to.have.length(5)
      expect(frame).to.include('… 4 more lines')
    }
    const [, after] = seen.split('\u001b[?7h\u001b[?25h\u001b[?1049l')
    expect(after, 'the last look stays to be read').to.match(/^┌[^\u001b]*┘\n\nFailed|^┌[^\u001b]*┘\n$/)
  })

  it('shows what has changed since', async () => {
    let looks = 0
    const now = () => new Date(Date.UTC(2026, 0, 1, 0, 0, looks++))
    let interrupt = () => {}
    let seen = ''
    const io = {
      now,
      stdoutIsTerminal: true,
      out: (text: string | Uint8Array) => {
        seen += text
        if (seen.split('LAST ROTATED').length > 3) interrupt()
      },
      onInterrupt: (listener: (signal: NodeJS.Signals) => void) => {
        interrupt = () => listener('SIGINT')
        return () => {}
      },
    }
    const words = ['env', 'rotators', '--watch', '--interval', '100ms', '--utc']
    expect((await playground.run(words, { io })).code).to.equal(0)
    const times = seen.match(/2026-01-01 \d\d:\d\d:\d\d/g)
    expect(new Set(times)).to.have.length(3)
  })

  it('without a terminal needs --interval, and then prints one after the other, each once', async () => {
    const refused = await playground.run(['env', 'rotators', '--watch'])
    expect([refused.code, refused.err]).to.deep.equal([
      2,
      'Error: --watch needs a terminal\nhint: to print it every minute, give --interval 1m\n',
    ])
    const { code, seen } = await watched(['env', 'rotators', '--watch', '--interval', '100ms'], false, 2)
    expect(code).to.equal(0)
    expect(seen).not.to.include('\u001b')
    expect(seen.match(/LAST ROTATED/g)).to.have.length(2)
  })

  it('refuses what makes no sense with it', async () => {
    for (const flags of [
      ['--interval', '1s'],
      ['--watch', '--output', 'json'],
      ['--watch', '--interval', '1ms'],
    ]) {
      expect((await playground.run(['env', 'rotators', ...flags])).code, flags.join(' ')).to.equal(2)
      expect((await playground.run(['status', ...flags])).code, flags.join(' ')).to.equal(2)
    }
  })
})
