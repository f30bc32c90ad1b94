import type { ChildProcess } from 'node:child_process'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { pointsOf, sample, slow, strideOf } from '../sample.ts'
import { ended, Program } from './program.ts'

const clock = fileURLToPath(new URL('clock-ahead.cjs', import.meta.url))
const killAtRevision = fileURLToPath(new URL('kill-at-revision.cjs', import.meta.url))
const killAt = fileURLToPath(new URL('kill-at.cjs', import.meta.url))
const dayMs = 86_400_000

describe('the scheduler', function () {
  this.timeout(slow ? 600_000 : 120_000)
  let program: Program
  let children: ChildProcess[]

  before(function () {
    if (!Program.isBuilt()) this.skip()
  })
  beforeEach(async () => {
    children = []
    program = new Program()
    await program.withEnvironment('rotators/ci', 'values: {admin: {fn::rotate::password: {inputs: {length: 20}}}}\n')
    // Half a day from now: whole days ahead, and some hours more, are then never about an instant.
    await ok('env', 'schedule', 'new', 'rotators/ci', '--cron', `0 ${(new Date().getUTCHours() + 12) % 24} * * *`)
  })
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL')
    program?.remove()
  })

  const ok = async (...words: string[]) => {
    const ran = await program.esc(words)
    expect(ran.code, ran.err).to.equal(0)
    return ran.out
  }
  const ahead = (days: number, more: Readonly<Record<string, string>> = {}) => ({
    NODE_OPTIONS: `--require ${clock}`,
    ESC_TEST_CLOCK_AHEAD_MS: String(days * dayMs),
    ...more,
  })
  const dues = () => {
    const folder = join(program.store, 'rotators', 'ci', 'revisions')
    return readdirSync(folder).flatMap(
      (file) => /^due: "(.*)"$/m.exec(readFileSync(join(folder, file), 'utf8'))?.[1] ?? [],
    )
  }
  const records = () =>
    readFileSync(join(program.store, 'rotators', 'ci', 'events', 'schedules.jsonl'), 'utf8')
      .split('\n')
      .flatMap((line) => (line.endsWith('}') ? [JSON.parse(line)] : []))
  /** Starts the daemon, and gathers what it says. */
  const start = (days: number, ...words: string[]) => {
    const child = program.start(['scheduler', 'start', '--every', '1s', ...words], ahead(days))
    children.push(child)
    let out = ''
    child.stdout?.on('data', (bytes) => {
      out += bytes
    })
    const says = async (pattern: RegExp): Promise<RegExpExecArray> => {
      for (let tries = 0; tries < 600; tries++) {
        const match = pattern.exec(out)
        if (match) return match
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      throw new Error(`it never said ${pattern}, but: ${out}`)
    }
    return { child, says, end: ended(child) }
  }

  it('runs each instant once, wherever its process is killed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'esc-kill-'))
    try {
      let day = 0
      for (const point of pointsOf(strideOf(24))) {
        day++
        const log = join(folder, `${point}.log`)
        const cut = await program.esc(
          ['scheduler', 'tick'],
          ahead(day, {
            NODE_OPTIONS: `--require ${clock} --require ${killAt}`,
            ESC_TEST_KILL_AT: String(point),
            ESC_TEST_KILL_LOG: log,
          }),
        )
        const context = `killed at point ${point}: ${cut.signal ? readFileSync(log, 'utf8').trimEnd().split('\n').at(-1) : `not at all: ${cut.out}${cut.err}`}`
        const next = await program.esc(['scheduler', 'tick'], ahead(day))
        expect(next.code, `${context}: ${next.out}${next.err}`).to.equal(0)
        if (cut.signal === 'SIGKILL') expect(cut.out, context).to.equal('')
        expect(dues(), `${context}; then ${next.out}`).to.have.length(day)
        expect(new Set(dues()).size, context).to.equal(day)
        expect(
          records().map(({ due }) => due),
          context,
        ).to.have.members(dues())
        expect((await program.esc(['scheduler', 'tick'], ahead(day))).out, context).to.equal('Nothing is due.\n')
        if (cut.signal !== 'SIGKILL') {
          expect(point, 'points swept').to.be.greaterThan(30)
          break
        }
      }
      // By the clock that the runs had: without it, their events are from the future.
      expect((await program.esc(['check'], ahead(day))).code).to.equal(0)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('goes on when an event, a run or a revision is from the future, and says so', async () => {
    const events = (name: string) => join(program.store, 'rotators', 'ci', 'events', `${name}.jsonl`)
    await program.esc(['scheduler', 'tick'], ahead(1))
    const later = new Date(Date.now() + 900 * dayMs).toISOString()
    for (const name of ['rotations', 'schedules']) {
      const line = readFileSync(events(name), 'utf8')
      appendFileSync(events(name), line.replace(/"(created|completed|executed|due)":"[^"]+"/g, `"$1":"${later}"`))
    }
    const tick = await program.esc(['scheduler', 'tick'], ahead(2))
    expect(tick.code, tick.err).to.equal(0)
    expect(tick.out).to.match(/rotated, revision 4/)
    expect(tick.err).to.include('1 run in events/schedules.jsonl is from the future')
    const list = await program.esc(['env', 'schedule', 'list', 'rotators/ci'], ahead(2))
    expect(list.err).to.include('from the future')
    const check = await program.esc(['check'], ahead(2))
    expect(check.code).to.equal(1)
    expect(check.out + check.err).to.match(/rotations\.jsonl[\s\S]*in the future/)
    const rotators = await program.esc(['env', 'rotators', '--output', 'json'], ahead(3))
    const [{ ageSeconds }] = JSON.parse(rotators.out).rotators
    expect(ageSeconds).to.be.within(dayMs / 1000 - 600, dayMs / 1000 + 600)
    expect(rotators.err + rotators.out).to.include('from the future')
    // The clock was ahead when the newest revision was made; now it is right.
    await program.esc(['scheduler', 'tick'], ahead(400))
    expect((await program.esc(['env', 'rotators'], ahead(3))).err).to.match(/revision 5 is dated .*in the future/)
    expect((await program.esc(['scheduler', 'tick'], ahead(3))).out).to.match(/rotated, revision 6/)
  })

  it('makes a run that somebody claims was made, once, and fails while it is overdue', async () => {
    const events = join(program.store, 'rotators', 'ci', 'events', 'schedules.jsonl')
    await program.esc(['scheduler', 'tick'], ahead(1))
    const [{ due }] = records()
    const next = new Date(Date.parse(due) + dayMs).toISOString()
    appendFileSync(
      events,
      `${JSON.stringify({ ...records()[0], due: next, executed: next, completed: next, version: 9 })}\n`,
    )
    expect((await program.esc(['scheduler', 'tick'], ahead(2))).out).to.match(/rotated, revision 4/)
    expect(dues()).to.have.members([due, next])
    expect((await program.esc(['scheduler', 'tick'], ahead(2))).out).to.equal('Nothing is due.\n')
    rmSync(events)
    expect((await program.esc(['scheduler', 'tick'], ahead(2))).out).to.match(
      /had been rotated by a run that was cut off/,
    )
    expect(dues()).to.have.length(2)
    const third = new Date(Date.parse(due) + 2 * dayMs).toISOString()
    const failed = { ...records()[0], due: third, executed: third, completed: third, result: 'failed', attempt: 10 }
    delete failed.version
    appendFileSync(events, `${JSON.stringify(failed)}\n`)
    const twoHoursLate = (Date.parse(third) + 2 * 3_600_000 - Date.now()) / dayMs
    const overdue = await program.esc(['scheduler', 'tick', '--output', 'json'], ahead(twoHoursLate))
    expect(overdue.code, overdue.out).to.equal(1)
    expect(JSON.parse(overdue.out).overdue).to.deep.equal([{ environment: 'rotators/ci', due: third }])
    const daemon = start(twoHoursLate, '--metrics', '0')
    const [, url = ''] = await daemon.says(/metrics at (http:.*)\/metrics/)
    await daemon.says(/overdue: due/)
    const health = await fetch(`${url}/healthz`)
    expect([health.status, await health.text()]).to.deep.equal([503, 'overdue: rotators/ci\n'])
    expect(await (await fetch(`${url}/metrics`)).text()).to.include(
      'esc_scheduler_overdue{environment="rotators/ci"} 1',
    )
    daemon.child.kill('SIGTERM')
    await daemon.end
  })

  const cuts = [
    ['before its revision was there', '1'],
    ['when its revision was there, and nothing else', ''],
  ] as const
  for (const [when, before] of sample(cuts, 1)) {
    it(`runs the next day's instant too when the one before was cut off ${when}`, async () => {
      for (const day of [1, 2]) expect((await program.esc(['scheduler', 'tick'], ahead(day))).out).to.include('rotated')
      const preload = { NODE_OPTIONS: `--require ${clock} --require ${killAtRevision}`, ESC_TEST_KILL_BEFORE: before }
      expect((await program.esc(['scheduler', 'tick'], ahead(3, preload))).signal).to.equal('SIGKILL')
      const current = async () => (await program.open('rotators/ci', undefined, ahead(4))).admin.current
      const out: string[] = []
      // Finishing the one before is a rotation too: where that is done now, the next one waits for
      // the guard.
      for (const minutes of [0, 11]) {
        const ran = await program.esc(['scheduler', 'tick'], ahead(4 + minutes / 1440))
        expect(ran.code, ran.err).to.equal(0)
        out.push(ran.out, await current())
      }
      expect(new Set(dues()).size, out.join('\n')).to.equal(dues().length)
      expect(dues(), out.join('\n')).to.have.length(before ? 3 : 4)
      const today = new Date(Date.now() + 4 * dayMs)
      const newest = new Date(Math.max(...dues().map((due) => Date.parse(due))))
      expect(today.getTime() - newest.getTime(), out.join('\n')).to.be.within(0, dayMs)
      const rotations = readdirSync(join(program.store, 'rotators', 'ci', 'revisions')).length - 2
      expect(rotations, out.join('\n')).to.equal(4)
      expect((await program.esc(['scheduler', 'tick'], ahead(4.1))).out).to.equal('Nothing is due.\n')
    })
  }

  it('looks after schedules until it is told to stop, refuses a second one, and picks up edits', async () => {
    const first = start(0, '--metrics', '0')
    const [, url] = await first.says(/metrics at (\S+)\/metrics/)
    await first.says(/healthy: 1 schedules, next rotators\/ci at .*; 0 runs succeeded/)
    const second = await program.esc(['scheduler', 'start'])
    expect(second.code).to.equal(1)
    expect(second.err)
      .to.include(`is locked by process ${first.child.pid} on `)
      .and.include('(esc scheduler start, since ')
    expect(await ok('scheduler', 'tick')).to.include(`Nothing to do here: the scheduler of the store`)
    // In the middle of a merge the store cannot be opened: it waits until it can.
    const file = join(program.store, 'esc.yaml')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, `<<<<<<< ours\n${text}`)
    await first.says(/esc\.yaml/)
    expect((await fetch(`${url}/healthz`)).status).to.equal(503)
    writeFileSync(file, text)
    await ok('env', 'schedule', 'edit', 'rotators/ci', 'sched-1', '--once', new Date(Date.now() + 2_500).toISOString())
    // The minute over which runs are spread would be long to wait for.
    writeFileSync(file, `${readFileSync(file, 'utf8')}scheduler: {jitter: 0}\n`)
    await first.says(/rotators\/ci: rotated, revision 3 \(due /)
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).to.match(/^esc_scheduler_runs_total\{result="succeeded"\} 1$/m)
    expect(metrics).to.match(/^esc_scheduler_last_success_timestamp_seconds\{environment="rotators\/ci"\} \d+/m)
    expect(metrics).to.match(/^process_resident_memory_bytes [1-9]\d{6,}$/m)
    expect((await fetch(`${url}/healthz`)).status).to.equal(200)
    expect((await fetch(`${url}/etc/passwd`)).status).to.equal(404)
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).to.equal(405)
    first.child.kill('SIGTERM')
    const { code, out } = await first.end
    expect(out)
      .to.include('received SIGTERM: finishing what is under way')
      .and.match(/stopped\n$/)
    expect(code).to.equal(0)
    expect(dues()).to.have.length(1)
  })

  it('makes way at once for a new one when it was killed', async () => {
    const first = start(0)
    await first.says(/healthy/)
    first.child.kill('SIGKILL')
    await first.end
    const second = start(1)
    await second.says(/rotators\/ci: rotated|healthy/)
    second.child.kill('SIGINT')
    expect((await second.end).code).to.equal(0)
  })

  it('refuses a port that is taken', async () => {
    const first = start(0, '--metrics', '0')
    const [, port = ''] = await first.says(/metrics at http:\/\/127\.0\.0\.1:(\d+)\/metrics/)
    first.child.kill('SIGSTOP')
    try {
      const other = new Program()
      await other.ok('init')
      const ran = await other.esc(['scheduler', 'start', '--metrics', port])
      expect(ran.code).to.equal(1)
      expect(ran.err).to.include(`cannot listen on 127.0.0.1:${port}`)
      other.remove()
    } finally {
      first.child.kill('SIGCONT')
      first.child.kill('SIGTERM')
      await first.end
    }
  })
})
