import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { EscError } from '../../src/errors.ts'
import { Store } from '../../src/store/index.ts'
import { slow } from '../sample.ts'
import { ownScript } from '../sources.ts'
import { by, errorOf, realFolder, revealed, save } from './worlds.ts'

describe('several processes on one store', () => {
  let place: ReturnType<typeof realFolder>
  let folder: string
  let store: Store
  const children: ChildProcess[] = []

  beforeEach(async () => {
    place = realFolder()
    folder = join(place.folder, 'environments')
    store = Store.init(folder, {}, place.world)
    await store.additions.create('rotators/ci', by)
  })
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
    place.remove()
  })

  function child(...args: string[]): ChildProcess {
    const { path, execArgv } = ownScript('./child.ts', import.meta.url)
    const forked = fork(path, args, { execArgv: [...execArgv], stdio: 'inherit' })
    children.push(forked)
    return forked
  }

  const each = slow ? 100 : 12
  it(`writes eight times ${each} revisions, contiguous, none lost`, async () => {
    const writers = Array.from({ length: 8 }, (_, index) => child('write', folder, `writer${index}`, String(each)))
    const reports = writers.map((writer) => once(writer, 'message'))
    const ends = writers.map((writer) => once(writer, 'exit'))
    let running = true
    const reading = (async () => {
      let reads = 0
      while (running) {
        const { number, definition } = Store.open(folder, place.world).environment('rotators/ci').current()
        // Every revision adds one line, so a half-written or out-of-order read would show.
        expect(definition.split('\n').length).to.equal(number)
        reads++
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
      return reads
    })()
    const exits = await Promise.all(ends)
    running = false
    expect(await reading).to.be.greaterThan(each)
    expect(exits.map(([code]) => code)).to.deep.equal(writers.map(() => 0))
    const conflicts = (await Promise.all(reports)).reduce((sum, [report]) => sum + report.conflicts, 0)
    expect(conflicts, 'writers that never met prove nothing').to.be.greaterThan(0)

    const environment = Store.open(folder, place.world).environment('rotators/ci')
    const newest = environment.current()
    expect(newest.number).to.equal(8 * each + 1)
    expect(new Set(newest.definition.trimEnd().split('\n')).size).to.equal(8 * each)
    for (const revision of environment.history()) await environment.verify(revision)
    expect(environment.definitionState()).to.equal('clean')
    expect(readdirSync(environment.folder).sort()).to.deep.equal(['environment.yaml', 'revisions', 'settings.yaml'])
  }).timeout(90_000)

  it('reads and writes on while another changes the data key again and again', async () => {
    for (const text of ['a: enc:one\n', 'a: enc:two\n', 'a: enc:three\n'])
      await save(store.environment('rotators/ci'), text)
    const changer = child('rekey', folder, '', '40')
    const ended = once(changer, 'exit')
    let running = true
    ended.then(() => {
      running = false
    })
    const seen = { opened: 0, told: 0, saved: 0 }
    let newest = 'a: three\n'
    while (running) {
      try {
        const environment = Store.open(folder, place.world).environment('rotators/ci')
        const revision = environment.current()
        expect(revealed(revision.definition, await environment.unlock(revision))).to.equal(newest)
        seen.opened++
        // Few, or the history grows faster than it is re-encrypted.
        if (seen.opened % 20 === 0 && seen.saved < 10) {
          await save(environment, `a: enc:n${seen.opened}\n`)
          newest = `a: n${seen.opened}\n`
          seen.saved++
        }
      } catch (error) {
        // The key went away between two steps: said so, with the remedy to try again.
        if (!(error instanceof EscError && error.code === 'conflict')) throw error
        seen.told++
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect((await ended)[0]).to.equal(0)
    expect(seen.opened).to.be.greaterThan(100)
    expect(seen.saved).to.be.greaterThan(1)
    expect((await Store.open(folder, place.world).upkeep.check()).findings).to.deep.equal([])
    const environment = Store.open(folder, place.world).environment('rotators/ci')
    expect(revealed(environment.current().definition, await environment.unlock())).to.equal(newest)
    expect(environment.current().number).to.equal(4 + seen.saved)
    expect(environment.settings.generation).to.equal(41)
  }).timeout(60_000)

  it('names the holder of a lock, and frees it within a second of kill -9', async () => {
    const holder = child('hold', folder)
    await once(holder, 'message')
    const environment = store.environment('rotators/ci')
    const error = await errorOf(() => environment.lock('edit', { waitMs: 100 }))
    expect(error.code).to.equal('locked')
    expect(error.message).to.match(
      new RegExp(`'rotators/ci' is locked by process ${holder.pid} on .* \\(rotate, since `),
    )
    holder.kill('SIGKILL')
    const started = performance.now()
    const lock = await environment.lock('edit')
    expect(performance.now() - started).to.be.lessThan(1000)
    lock.release()
    expect(readdirSync(join(place.folder, 'state', 'locks'))).to.deep.equal([])
  })

  it('lets one at a time through although every holder dies with the lock in its hands', async () => {
    const counter = join(folder, 'counter')
    writeFileSync(counter, '0')
    const times = slow ? 40 : 15
    const dying = Array.from({ length: 5 }, () => once(child('die', folder, '', String(times)), 'exit'))
    expect((await Promise.all(dying)).map(([, signal]) => signal)).to.deep.equal(Array(5).fill('SIGKILL'))
    expect(readFileSync(counter, 'utf8')).to.equal(String(5 * times))
    const lock = await store.environment('rotators/ci').lock('afterwards')
    lock.release()
  }).timeout(60_000)
})
