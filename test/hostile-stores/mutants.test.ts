import { cpSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Program } from '../end-to-end/program.ts'
import { slow, timer } from '../sample.ts'
import { environments, type GoodStore, goodStore } from './good-store.ts'
import { Machine } from './machine.ts'
import { applyAll, type Mutation, mutations } from './mutations.ts'
import { complaints, type Genuine, genuineStates, hasNoKey } from './oracle.ts'
import type { Outcome } from './outcome.ts'
import { Random } from './random.ts'
import { WatchedEsc } from './watched-esc.ts'

// Others in each slow run: it has no time for all of them.
const firstSeed = Number(process.env.MUTANT_SEED ?? (slow ? Math.floor(Math.random() * 1e9) : 1))
const count = Number(process.env.MUTANTS ?? (process.env.MUTANT_SEED ? 1 : slow ? 2000 : 20))

const commands: readonly (readonly string[])[] = [
  ...environments.map((name) => ['open', name]),
  ['check'],
  ['env', 'ls'],
  ['env', 'get', 'app/web'],
  ['env', 'rotate', 'rotators/ci', '--plan'],
]

/** `MUTANT_SEED=17` repeats mutant 17; `MUTANTS=500` sets how many follow it. */
describe('a good store that somebody without the key has changed anywhere', function () {
  this.timeout(slow ? 14_400_000 : 600_000)
  let good: GoodStore
  let genuine: Genuine
  const esc = new WatchedEsc()
  const fresh = new Machine()
  const seen = new Machine()
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'esc-mutant-')))
  const store = join(folder, 'environments')
  /** What the machine that has seen the good store remembers of it. */
  const seenState = join(folder, 'seen-state')

  before(async function () {
    if (!Program.isBuilt()) this.skip()
    good = await goodStore()
    for (const machine of [fresh, seen]) machine.withKeyOf(good.scene.victim.machine)
    genuine = await genuineStates(good, { esc, machine: fresh, folder, reset })
    reset(seen)
    for (const name of environments) expect((await run(seen, 'open', name)).code, name).to.equal(0)
    expect((await run(seen, 'check')).code).to.equal(0)
    cpSync(seen.env.ESC_STATE_HOME!, seenState, { recursive: true })
  })
  after(() => {
    esc.end()
    good?.remove()
    for (const machine of [fresh, seen]) machine.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  /** The good store again, and the machine as it was. */
  function reset(machine: Machine): void {
    rmSync(store, { recursive: true, force: true })
    cpSync(good.folder, store, { recursive: true })
    rmSync(machine.env.ESC_STATE_HOME!, { recursive: true, force: true })
    if (machine === seen && existsSync(seenState)) cpSync(seenState, machine.env.ESC_STATE_HOME!, { recursive: true })
  }

  const run = (machine: Machine, ...words: string[]): Promise<Outcome> =>
    esc.run({ words, cwd: folder, env: machine.env })

  async function look(machine: Machine, changes: readonly Mutation[]): Promise<readonly string[]> {
    reset(machine)
    applyAll(store, changes)
    const opened: Record<string, Outcome> = {}
    const others: Record<string, Outcome> = {}
    for (const words of commands) {
      const [word, name] = words
      const outcome = await run(machine, ...words)
      if (word === 'open') opened[name!] = outcome
      else others[words.join(' ')] = outcome
      // The others would mostly hang too.
      if (outcome.hung) break
    }
    const found = complaints({ store, changes, genuine, opened, others, pulled: machine === seen })
    if (found.some((complaint) => complaint.endsWith('hangs'))) return found
    return [...found, ...(await write(machine))]
  }

  /** A writer must not build on what a reader refuses, nor give a seal to what was changed. */
  async function write(machine: Machine): Promise<readonly string[]> {
    const planted = hasNoKey(join(store, 'app/base'))
    const saved = await run(machine, 'env', 'set', 'app/base', 'added', 'by-a-writer')
    if (saved.hung) return ['env set hangs']
    if (saved.code !== 0) return []
    const { code, out, err } = await run(machine, 'open', 'app/base')
    if (code !== 0) return [`what env set has saved does not open: ${err}`]
    // A fresh clone cannot tell that another environment without a key was put in its place.
    if (machine === fresh && planted) return []
    const { added, ...values } = JSON.parse(out)
    const accepted = machine === seen ? [genuine.now['app/base']!] : [...genuine.ever['app/base']!]
    const sound = accepted.some((one) => JSON.stringify(JSON.parse(one || '{}')) === JSON.stringify(values))
    return added === 'by-a-writer' && sound ? [] : [`env set has saved something else: ${out}`]
  }

  /**
   * The built program, which the tests of a command run in this process cannot stand for: what a
   * child gets.
   */
  async function runProgram(machine: Machine, changes: readonly Mutation[]): Promise<readonly string[]> {
    reset(machine)
    applyAll(store, changes)
    const got = join(folder, 'got')
    rmSync(got, { force: true })
    const words = ['run', 'app/web', '--', 'sh', '-c', `printf %s "$PASSWORD" > ${got}`]
    const { code, hung, contacts, err } = await machine.program(folder, words)
    if (hung || contacts.length > 0) return [`run hangs, or contacts ${contacts.join(', ')}`]
    if (code !== 0) return err === '' ? ['run refuses without a word'] : []
    // A fresh clone cannot tell that an environment without a key was put in its place.
    if (machine === fresh && hasNoKey(join(store, 'app/web'))) return []
    const accepted = machine === seen ? ['hunter2-second'] : ['hunter2-first', 'hunter2-second']
    const password = readFileSync(got, 'utf8')
    return accepted.includes(password) ? [] : [`run hands over ${JSON.stringify(password)}`]
  }

  async function complaintsOf(
    machine: Machine,
    changes: readonly Mutation[],
    seed: number,
  ): Promise<readonly string[]> {
    const sampled = seed % 8 === 0 ? await runProgram(machine, changes) : []
    return [...sampled, ...(await look(machine, changes))]
  }

  it(`is refused by name, or opens as before: up to ${count} mutants from seed ${firstSeed}`, async () => {
    const failures: string[] = []
    const ended = timer()
    let tried = 0
    for (let seed = firstSeed; seed < firstSeed + count && !ended(); seed++) {
      tried++
      const changes = mutations(new Random(seed), good)
      const what = changes.map((change) => change.what).join('; ')
      for (const machine of [fresh, seen]) {
        const found = await complaintsOf(machine, changes, seed).catch((error) => [error.stack])
        for (const complaint of found) {
          failures.push(
            `MUTANT_SEED=${seed} (${what}) on a ${machine === seen ? 'pulled' : 'fresh'} clone: ${complaint}`,
          )
        }
      }
    }
    if (slow) console.log(`      ${tried} mutants`)
    expect(failures.length, `\n${failures.join('\n')}\n`).to.equal(0)
  })
})
