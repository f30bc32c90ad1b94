import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

const CI = `values:
  admin: {fn::rotate::password: {inputs: {length: 20}}}
`

describe('env schedule', () => {
  let playground: Playground
  beforeEach(async () => {
    playground = await new Playground().withEnvironment('rotators/ci', CI)
  })
  afterEach(() => playground.remove())
  const settings = () => join(playground.store, 'rotators', 'ci', 'settings.yaml')
  const schedule = (...words: string[]) => playground.run(['env', 'schedule', ...words])
  const daily = () => playground.ok('env', 'schedule', 'new', 'rotators/ci', '--cron', '0 3 * * *')

  it('makes one, shows when it runs next, changes it and removes it', async () => {
    expect(await daily()).to.equal('Created schedule sched-1 for local/rotators/ci\n')
    expect(await playground.ok('env', 'schedule', 'get', 'rotators/ci', 'sched-1', '--utc', '--next', '3')).to.equal(
      `ID: sched-1
Kind: environment_rotation
Schedule: 0 3 * * *
Next execution: 2026-03-05T03:00:00Z
                2026-03-06T03:00:00Z
                2026-03-07T03:00:00Z
Last executed: never
`,
    )
    const berlin = ['--cron', '30 2 29 3 *', '--timezone', 'Europe/Berlin']
    expect(await playground.ok('env', 'schedule', 'modify', 'rotators/ci', 'sched-1', ...berlin)).to.equal(
      'Updated schedule sched-1 for local/rotators/ci\n',
    )
    const listed = JSON.parse(await playground.ok('env', 'schedule', 'ls', 'rotators/ci', '--utc', '--output', 'json'))
    expect(listed).to.deep.equal({
      schedules: [
        {
          id: 'sched-1',
          kind: 'environment_rotation',
          schedule: '30 2 29 3 *',
          timezone: 'Europe/Berlin',
          paused: false,
          // Clocks go forward that night: half past two does not come.
          nextExecution: '2026-03-29T01:30:00Z',
          lastExecuted: 'never',
        },
      ],
    })
    expect(await playground.ok('env', 'schedule', 'rm', 'rotators/ci', 'sched-1', '-y')).to.equal(
      'Removed schedule sched-1 from local/rotators/ci\n',
    )
    expect(await playground.ok('env', 'schedule', 'list', 'rotators/ci')).to.equal('')
    expect(readFileSync(settings(), 'utf8')).to.not.include('schedule:')
  })

  it('asks before it removes, and keeps it where the answer is no', async () => {
    await daily()
    const remove = ['env', 'schedule', 'remove', 'rotators/ci', 'sched-1']
    const refused = await playground.run(remove, { input: 'yes\n' })
    expect(refused).to.deep.include({ code: 1 })
    expect(refused.out).to.include(
      'This will permanently remove schedule "sched-1" from local/rotators/ci!\nPlease confirm that this is what you\'d like to do by typing `remove`: ',
    )
    expect(await playground.ok('env', 'schedule', 'list', 'rotators/ci')).to.include('sched-1')
    expect((await playground.run(remove, { input: 'remove\n' })).code).to.equal(0)
  })

  it('pauses and resumes', async () => {
    await daily()
    expect(await playground.ok('env', 'schedule', 'pause', 'rotators/ci', 'sched-1')).to.equal(
      'Paused schedule sched-1 for local/rotators/ci\n',
    )
    expect(await playground.ok('env', 'schedule', 'get', 'rotators/ci', 'sched-1')).to.include(
      'Paused: yes\nNext execution: never\n',
    )
    expect(await playground.ok('env', 'schedule', 'list', 'rotators/ci')).to.include('│ paused │')
    expect(await playground.ok('env', 'schedule', 'resume', 'rotators/ci', 'sched-1')).to.equal(
      'Resumed schedule sched-1 for local/rotators/ci\n',
    )
    expect(await playground.ok('env', 'schedule', 'get', 'rotators/ci', 'sched-1', '--utc')).to.include(
      'Next execution: 2026-03-05T03:00:00Z',
    )
  })

  for (const [words, message, code] of [
    [['new', 'rotators/ci'], 'exactly one of --cron or --once must be set', 2],
    [
      ['new', 'rotators/ci', '--cron', '0 3 * * *', '--once', '2027-01-01T00:00:00Z'],
      'only one of --cron or --once may be set',
      2,
    ],
    [
      ['new', 'rotators/ci', '--once', 'soon'],
      "--once must be an ISO 8601 / RFC 3339 timestamp: cannot parse 'soon'",
      2,
    ],
    [['new', 'rotators/ci', '--once', '2020-01-01T00:00:00Z'], '--once must be a timestamp in the future', 2],
    [['get', 'rotators/ci', ''], 'schedule ID cannot be empty', 2],
    [['list', 'rotators/ci', '--count=-1'], '--count must be non-negative', 2],
    [['history', 'rotators/ci', 'sched-1', '--count=-1'], '--count must be non-negative', 2],
    [['get', 'rotators/ci', 'sched-2'], "environment 'rotators/ci' has no schedule 'sched-2'", 1],
    [['edit', 'rotators/ci', 'sched-1'], 'exactly one of --cron or --once must be set', 2],
    [['get', 'rotators/ci'], 'accepts 2 arg(s), received 1', 2],
    [
      ['new', 'rotators/ci', '--cron', '0 3 * * *'],
      'environment local/rotators/ci already has a schedule (sched-1); only one schedule per environment is currently supported',
      1,
    ],
  ] as const) {
    it(`refuses ${words.join(' ')}`, async () => {
      await daily()
      const ran = await schedule(...words)
      expect(ran.err.split('\n')[0]).to.equal(`Error: ${message}`)
      expect(ran.code).to.equal(code)
    })
  }

  it('is sealed: a schedule changed by somebody without the key is noticed by whoever opens, rotates or checks', async () => {
    await daily()
    expect((await playground.run(['check'])).code).to.equal(0)
    const text = readFileSync(settings(), 'utf8')
    for (const changed of [
      text.replace('0 3 * * *', '0 4 * * *'),
      text.replace(/schedule:\n(?: .*\n)+/, ''),
      text.replace('kind: environment_rotation', 'kind: environment_rotation\n  paused: true'),
    ]) {
      expect(changed).to.not.equal(text)
      writeFileSync(settings(), changed)
      for (const words of [
        ['open', 'rotators/ci'],
        ['env', 'rotate', 'rotators/ci'],
        ['check'],
        ['env', 'schedule', 'pause', 'rotators/ci', 'sched-1'],
      ]) {
        const ran = await playground.run(words)
        expect(ran.code, words.join(' ')).to.not.equal(0)
      }
      expect((await playground.run(['env', 'rotate', 'rotators/ci'])).err).to.include('schedule, a tag or a retraction')
    }
    writeFileSync(settings(), text)
    expect((await playground.run(['check'])).code).to.equal(0)
  })

  it('is listed without the key, and made only with it', async () => {
    await daily()
    const env = { ESC_CONFIG_HOME: join(playground.folder, 'elsewhere') }
    expect((await playground.run(['env', 'schedule', 'list', 'rotators/ci'], { env })).out).to.include('sched-1')
    expect((await playground.run(['env', 'schedule', 'pause', 'rotators/ci', 'sched-1'], { env })).code).to.equal(1)
  })

  it('is left behind by a clone, which would rotate by itself otherwise', async () => {
    await daily()
    await playground.ok('env', 'clone', 'rotators/ci', 'rotators/copy')
    expect(await playground.ok('env', 'schedule', 'list', 'rotators/copy')).to.equal('')
  })
})
