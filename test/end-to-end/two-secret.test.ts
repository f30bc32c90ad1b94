import { expect } from 'chai'
import type { PairInputs } from '../../src/rotators/pair/kit/index.ts'
import { startIam } from '../rotators/issued/aws-iam.under-test.ts'
import { rotatorsUnderTest as registry } from '../rotators/registry.ts'
import { sample, slow } from '../sample.ts'
import { sharedPostgres } from '../servers/postgres.ts'
import { Program } from './program.ts'
import { type Performed, Rehearsal, type RunOptions } from './rehearsal.ts'

/** Ways to keep two secrets: ordinary runs try the first, and another one each time. */
const usual = ['postgres', ...sample(['mysql-dual', 'redis-acl', 'aws-iam', 'twilio-api-key', 'external'], 1)]
/** Nobody logs in with the first two; calls of an encrypted connection cannot be named. */
const leftOut = ['password', 'passphrase', 'ssh-key']
/** Those whose credentials somebody logs in with; in slow runs all of them. */
const rotators = Object.entries(registry).filter(([name]) => (slow ? !leftOut.includes(name) : usual.includes(name)))

describe('whoever holds what was current can log in through the next rotation, and until the one after it', function () {
  this.timeout(slow ? 1_200_000 : 120_000)
  let rehearsal: Rehearsal | undefined

  before(function () {
    if (!Program.isBuilt()) this.skip()
  })
  afterEach(async () => {
    await rehearsal?.stop()
    rehearsal = undefined
  })

  async function rehearse(cast: Parameters<typeof Rehearsal.of>[0]): Promise<Rehearsal> {
    rehearsal = await Rehearsal.of(cast)
    return rehearsal
  }

  /** Exit code 0 unless others are given; 137 is a kill. */
  async function play(options: RunOptions, codes: readonly number[] = [0]): Promise<Performed> {
    const performed = await rehearsal!.rotate(options)
    const { code, signal, out, err, polls, stops } = performed
    expect(rehearsal!.refusals.slice(0, 5)).to.deep.equal([])
    expect(signal === 'SIGKILL' ? 137 : code, `${options.phase}: ${out}${err}`).to.be.oneOf(codes)
    expect(polls, options.phase).to.be.at.least(Math.max(1, stops))
    return performed
  }

  for (const [rotator, { vendor, missing, start }] of rotators) {
    it(`with ${rotator} on ${vendor}: at every call of a rotation, killed, killed again, resumed, cut off`, async function () {
      if ((missing?.() ?? []).length > 0) this.skip()
      const { released } = await rehearse({ it: { rotator, subject: await start() } })
      for (const phase of ['rotation 1', 'rotation 2']) await play({ phase })
      const whole = await play({ phase: 'rotation 3', stepped: true })
      // Else nothing here could ever be refused.
      expect(await released()).to.deep.equal({ count: 1, refused: 1 })

      const { changed, proven, saved } = stations(whole.points)
      const thorough = slow || rotator === 'postgres'
      const some = thorough ? sample([changed, proven, saved + 1], 2) : [proven]
      // Other ones each time: the crash matrix kills at every call.
      const offset = Math.floor(Math.random() * 6)
      const many = whole.points.map((_, at) => at + 1).filter((at) => at % 6 === offset)
      for (const killAt of slow ? [...new Set([...some, ...many])] : some) {
        const killed = `killed at ${whole.points[killAt - 1]}`
        await play({ phase: killed, killAt, stepped: true }, [137])
        // Undone, there is nothing to be saved, which it says with a 1.
        await play({ phase: `${killed}, resumed`, words: ['--resume'], begins: [] }, [0, 1])
      }

      await play({ phase: 'killed', killAt: changed }, [137])
      if (thorough) {
        const unfinished = { words: ['--resume'], begins: [], stepped: true }
        await play({ phase: 'killed while it resumed', ...unfinished, killAt: proven }, [137, 0, 1])
        await play({ phase: 'cut off while it resumed', ...unfinished, cutFrom: 1 }, [0, 1])
      }
      await play({ phase: 'the rotation after that' })

      await play({ phase: 'cut off', cutFrom: changed, stepped: true }, [1])
      await play({ phase: 'retried', words: ['--failed'], begins: [], stepped: true })
      await play({ phase: 'the last rotation' })
      const { count, refused } = await released()
      expect(refused).to.equal(count)
    })
  }

  it('where one of several fails, is undone, retried, or all are killed in the middle', async () => {
    const server = await sharedPostgres()
    const [app, reports] = [await registry.postgres!.start(), await registry.postgres!.start()]
    const { opened } = await rehearse({
      app: { rotator: 'postgres', subject: app },
      reports: { rotator: 'postgres', subject: reports },
      key: { rotator: 'aws-iam', subject: await startIam() },
    })
    for (const phase of ['rotation 1', 'rotation 2']) await play({ phase })

    const { managingUser } = (reports.inputs as unknown as PairInputs).database
    const manage = (password: string) => server.sql(`ALTER ROLE ${managingUser.username} PASSWORD '${password}'`)
    await manage('another')
    await play({ phase: 'one cannot be managed' }, [3])
    await manage(managingUser.password!.reveal())
    const retry = { words: ['--failed'], begins: ['reports'] }
    await play({ phase: 'the one is retried', ...retry })

    const { username } = (await opened('reports')).previous
    const until = (when: string) => server.sql(`ALTER ROLE ${quoted(username)} VALID UNTIL '${when}'`)
    let alterations = 0
    const undone = await play(
      {
        phase: 'the new password of one is refused',
        stepped: true,
        async meanwhile(point) {
          if (point === 'remote: ALTER ROLE, answered' && ++alterations === 1) await until('2000-01-01')
        },
        words: ['reports'],
        begins: ['reports'],
      },
      [1],
    )
    expect(undone.out).to.include('its former password was set back')
    await until('infinity')
    const whole = await play({ phase: 'the one is retried, and all others begin', stepped: true })

    const parts = slow ? Array.from({ length: 12 }, (_, at) => (at + 0.5) / 12) : [0.45 + 0.25 * Math.random()]
    for (const killAt of parts.map((part) => Math.ceil(part * whole.points.length))) {
      await play({ phase: `killed at ${killAt}`, killAt }, [137])
      await play({ phase: `killed at ${killAt}, the next run` })
    }
  })

  describe('what a limit of the vendor ends early', () => {
    it('is the superseded previous, as the plan says, also where a rotation is killed', async () => {
      const subject = await startIam()
      const { iam } = subject
      const { opened, program } = await rehearse({ key: { rotator: 'aws-iam', subject } })
      const committed = new Set<string>()
      const deletions = async (run: () => Promise<unknown>) => {
        const before = await opened('key')
        for (const key of [before?.current, before?.previous]) if (key) committed.add(key.accessKeyId)
        const calls = iam.calls.length
        await run()
        const deleted = iam.calls.slice(calls).flatMap(({ action, outcome, params }) => {
          return action === 'DeleteAccessKey' && outcome === 'OK' ? [params.AccessKeyId!] : []
        })
        // The others had never been committed: what a killed rotation had made.
        return { before, deleted: deleted.filter((id) => committed.has(id)), all: deleted }
      }
      for (const phase of ['rotation 1', 'rotation 2']) {
        expect((await deletions(() => play({ phase }))).all).to.deep.equal([])
      }

      const { current, previous } = await opened('key')
      const { out: plan } = await program.esc(['env', 'rotate', 'rotators/ci', '--plan'])
      expect(plan).to.include(`  delete access key ${previous.accessKeyId} of user app (previous)\n`)
      expect(plan).to.include(`  keep access key ${current.accessKeyId} of user app (current, becomes previous)\n`)
      expect(plan.match(/delete/g)).to.have.length(1)
      let points: readonly string[] = []
      const { all } = await deletions(async () => {
        ;({ points } = await play({ phase: 'rotation 3', stepped: true }))
      })
      expect(all).to.deep.equal([previous.accessKeyId])

      const from = points.findIndex((point) => point.startsWith('remote: CreateAccessKey'))
      let seen = 0
      for (let killAt = from + 1; killAt < points.length; killAt += slow ? 2 : 14) {
        const phase = `killed at ${points[killAt - 1]}`
        for (const run of [
          () => play({ phase, killAt, stepped: true }, [137]),
          () => play({ phase: `${phase}, the next run` }),
        ]) {
          const { before, deleted } = await deletions(run)
          expect(deleted, phase).to.have.members(deleted.length > 0 ? [before.previous.accessKeyId] : [])
          seen += deleted.length
        }
      }
      expect(seen).to.be.greaterThan(1)
    })
  })

  it('or else it is noticed', async () => {
    const server = await sharedPostgres()
    const rehearsal = await rehearse({ it: { rotator: 'postgres', subject: await registry.postgres!.start() } })
    for (const phase of ['rotation 1', 'rotation 2']) await play({ phase })
    const { current } = await rehearsal.opened('it')
    await rehearsal.rotate({
      phase: 'rotation 3',
      stepped: true,
      async meanwhile(point) {
        if (point === 'remote: ALTER ROLE, before it is sent')
          await server.sql(`ALTER ROLE ${quoted(current.username)} PASSWORD 'another'`)
      },
    })
    expect(rehearsal.refusals[0]).to.match(
      /^it \(postgres\) of after rotation 2, rotation 3 \(remote: ALTER ROLE, .*\): 28P01$/,
    )
  })
})

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/**
 * Numbers of the points at which a rotation has made a remote change, has proven its outcome, and
 * has saved it.
 */
function stations(points: readonly string[]) {
  const after = (from: number, pattern: RegExp) => points.findIndex((name, at) => at >= from && pattern.test(name)) + 1
  const journalled = after(0, /rename into journal record/)
  const changed = after(journalled, /remote: .*, sent/)
  const saved = after(changed, /link revision/)
  const proven = points.slice(0, saved).findLastIndex((name) => /remote: .*, answered/.test(name)) + 1
  return { changed, proven, saved }
}
