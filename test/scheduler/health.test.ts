import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { startScheduler, type Tick, tickScheduler } from '../../src/scheduler/index.ts'
import { VirtualStore } from './virtual-store.ts'

describe('the health of a scheduler', () => {
  let store: VirtualStore
  beforeEach(async () => {
    store = new VirtualStore('2027-01-01T12:00:00Z')
    await store.add('rotators/ci', { cron: '0 3 * * *' })
    await store.add('rotators/other', { cron: '0 3 * * *' })
    await store.add('rotators/paused', { cron: '0 3 * * *' })
  })
  afterEach(() => store.remove())
  const file = (name: string, ...path: string[]) => join(store.folder, 'environments', ...name.split('/'), ...path)
  const signal = () => new AbortController().signal
  const tick = (): Promise<Tick> => tickScheduler({ open: () => store.open(), stop: signal(), abort: signal() })

  interface Health {
    readonly status: number
    readonly illness: string
    readonly metrics: string
    readonly line: string
  }

  /** What a scheduler says after its first pass, and after the pass that follows `between`. */
  async function healths(between: () => void = () => {}): Promise<Health[]> {
    const stop = new AbortController()
    const found: Health[] = []
    let url = ''
    let line = ''
    await startScheduler({
      open: () => store.open(),
      stop: stop.signal,
      abort: signal(),
      pollMs: 1000,
      healthEveryMs: 0,
      metrics: { host: '127.0.0.1', port: 0 },
      log: (told) => {
        const text = String(told)
        url ||= /metrics at (http:.*)\/metrics/.exec(text)?.[1] ?? ''
        if (/schedules, /.test(text)) line = text
        store.log.push(text)
      },
      onRun: () => {},
      sleep: async () => {
        const health = await fetch(`${url}/healthz`)
        const metrics = await (await fetch(`${url}/metrics`)).text()
        found.push({ status: health.status, illness: (await health.text()).trim(), metrics, line })
        if (found.length === 2) stop.abort()
        else between()
      },
      rssBytes: () => 1,
    })
    return found
  }

  for (const [what, damage] of [
    ['the settings', 'settings.yaml'],
    ['the newest revision', 'revisions/1.yaml'],
  ] as const) {
    it(`is not good while ${what} of an environment cannot be read, and is good again afterwards`, async () => {
      const damaged = file('rotators/ci', ...damage.split('/'))
      const before = readFileSync(damaged)
      writeFileSync(damaged, 'not: [what it was')
      const ticked = await tick()
      expect(ticked.unreadable.map(({ environment }) => environment)).to.deep.equal(['rotators/ci'])
      expect(ticked.problems).to.have.length(1)
      expect(ticked.problems[0]).to.match(/^rotators\/ci: cannot be read: /)
      const [ill, well] = (await healths(() => writeFileSync(damaged, before))) as [Health, Health]
      expect([ill.status, ill.illness]).to.deep.equal([503, 'cannot be read: rotators/ci'])
      expect(ill.metrics)
        .to.include('esc_scheduler_unreadable{environment="rotators/ci"} 1')
        .and.include('esc_scheduler_unreadable{environment="rotators/other"} 0')
        .and.include('esc_scheduler_schedules{state="unreadable"} 1')
        .and.include('esc_scheduler_schedules{state="active"} 2')
        .and.include('esc_scheduler_healthy 0')
      expect(ill.line).to.match(/^NOT healthy \(cannot be read: rotators\/ci\): 3 schedules, next rotators\//)
      expect(well.status).to.equal(200)
      expect(well.metrics).to.include('esc_scheduler_healthy 1').and.include('{state="unreadable"} 0')
      expect(well.line).to.match(/^healthy: 3 schedules/)
    })
  }

  it('names what cannot be read and what is overdue, as tick does', async () => {
    store.nowMs = Date.parse('2027-01-02T12:00:00Z')
    writeFileSync(file('rotators/ci', 'settings.yaml'), 'not: [what it was')
    // A hand edit that is not saved keeps the environment from being rotated.
    writeFileSync(file('rotators/other', 'environment.yaml'), 'values: {a: 1}\n')
    const { unreadable, overdue } = await tick()
    expect(unreadable.map(({ environment }) => environment)).to.deep.equal(['rotators/ci'])
    expect(overdue.map(({ environment }) => environment)).to.deep.equal(['rotators/other'])
    const [ill] = (await healths()) as [Health]
    expect(ill.illness).to.equal('cannot be read: rotators/ci; overdue: rotators/other')
    expect(ill.line).to.include(`NOT healthy (${ill.illness})`)
  })

  it('is not good while the store itself cannot be opened', async () => {
    const configuration = join(store.folder, 'environments', 'esc.yaml')
    const text = readFileSync(configuration)
    const [first, second] = (await healths(() => writeFileSync(configuration, 'version: [')).finally(() =>
      writeFileSync(configuration, text),
    )) as [Health, Health]
    expect(first.status).to.equal(200)
    expect(second.status).to.equal(503)
    expect(second.illness).to.not.equal('')
  })
})
