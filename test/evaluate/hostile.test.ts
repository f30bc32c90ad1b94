import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { build } from 'esbuild'
import { expectWithin } from '../cpu-time.ts'
import { sample, slow } from '../sample.ts'
import { budget, hostileDefinitions } from './hostile-definitions.ts'
import type { HostileOutcome } from './hostile-runner.ts'

/** About an eighth of those that are quick; in slow runs all there are. */
const quick = hostileDefinitions.filter((each) => slow || !each.slow)
const sampled = sample(quick, Math.ceil(quick.length / 8))
/** One at least takes all that is allowed. */
const costly = quick.filter(({ ends }) => ends === budget)
const tried = costly.some((each) => sampled.includes(each)) ? sampled : [...sampled, ...costly.slice(0, 1)]

/** Processor time of one evaluation and of showing it in the form that takes longest. */
const mostSeconds = 5

interface Ran {
  readonly outcomes: readonly HostileOutcome[]
  readonly begun: string
  readonly failure: string
}

/** Runs each definition in a process of its own, up to the first that fails. */
async function runAll(folder: string): Promise<Ran> {
  const runner = join(folder, 'runner.mjs')
  await build({
    entryPoints: [fileURLToPath(new URL('./hostile-runner.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: runner,
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  })
  const outcomes: HostileOutcome[] = []
  for (const { title } of tried) {
    const ran = await runOne(runner, title)
    if (ran.failure !== '') return ran
    outcomes.push(...ran.outcomes)
  }
  return { outcomes, begun: '', failure: '' }
}

/** With a heap of 900 MB. The process is ended when nothing comes of it for long. */
async function runOne(runner: string, title: string): Promise<Ran> {
  const child = spawn(process.execPath, ['--max-old-space-size=900', runner, JSON.stringify([title])])
  let [out, failure, begun] = ['', '', '']
  const outcomes: HostileOutcome[] = []
  let watchdog: NodeJS.Timeout
  const wait = () => {
    clearTimeout(watchdog)
    watchdog = setTimeout(() => child.kill('SIGKILL'), 90_000)
  }
  wait()
  child.stderr.on('data', (data) => {
    failure += data
  })
  child.stdout.on('data', (data) => {
    wait()
    const lines = `${out}${data}`.split('\n')
    out = lines.pop()!
    for (const line of lines) {
      const said = JSON.parse(line)
      if (said.begun) begun = said.begun
      else outcomes.push(said)
    }
  })
  const code = await new Promise((resolve) => child.on('close', (exit, signal) => resolve(exit ?? signal)))
  clearTimeout(watchdog!)
  return { outcomes, begun, failure: code === 0 ? '' : `${code} ${failure.slice(0, 500)}` }
}

describe('a hostile definition of at most 1 MB', function () {
  this.timeout(slow ? 900_000 : 300_000)
  let ran: Awaited<ReturnType<typeof runAll>>

  before(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'esc-hostile-'))
    try {
      ran = await runAll(folder)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('neither hangs nor fills a heap of 900 MB', () => {
    expect(ran.failure, `while evaluating ${ran.begun}`).to.equal('')
    expect(Math.max(...hostileDefinitions.map(({ text }) => text.length))).to.be.at.most(1_050_000)
  })

  for (const { title, ends } of tried)
    it(`of ${title} ${ends === undefined ? 'evaluates' : 'ends with a diagnostic'} in time`, () => {
      const outcomes = ran.outcomes.filter((each) => each.title === title)
      expect(outcomes).to.have.length(slow ? 2 : 1)
      for (const { mode, cpuSeconds, last, hasValues } of outcomes) {
        expectWithin(mostSeconds * 1000, cpuSeconds * 1000)
        if (ends === undefined) expect(hasValues).to.equal(true)
        else if (mode === 'open') expect(last).to.match(ends)
      }
    })

  it('names the expression at which the evaluation stopped', () => {
    const ended = ran.outcomes.filter(({ last }) => last?.startsWith('the evaluation takes more than'))
    expect(ended.length).to.be.greaterThan(slow ? 10 : 0)
    for (const { title, at } of ended) expect(at, title).to.match(/^\w+:\d+:\d+$/)
  })
})
