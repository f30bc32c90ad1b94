import { expect } from 'chai'
import type { Store } from '../../src/store/index.ts'
import type { Fault } from '../files/memory-files.ts'
import { pointsOf, sample, strideOf } from '../sample.ts'
import { by, Machine } from './worlds.ts'

const faults: readonly Fault[] = ['fail', 'kill', 'power-loss', 'power-loss-names-first']
export const name = 'rotators/ci'

export interface Operation<Fact> {
  /** What is there before; it must survive whatever happens. */
  readonly before: (store: Store, machine: Machine) => Promise<void>
  readonly act: (store: Store) => Promise<Fact>
  /**
   * `fact` is undefined when the operation did not return. Must hold for the store as the next
   * process finds it.
   */
  readonly after: (store: Store, fact: Fact | undefined, fault: Fault) => Promise<void>
}

/** Counted over all sweeps of a run. */
export const points = { swept: 0 }

/** Every call is a point in slow runs, every ninth otherwise, other ones each time. */
export const calls = (stride = strideOf(13)) => pointsOf(stride)

/**
 * Runs an operation again and again, with the fault at its first, second, third … call, until it
 * completes untouched. Returns whether every call was a point.
 */
export async function sweep<Fact>(operation: Operation<Fact>): Promise<boolean> {
  let isWhole = true
  // In usual runs two of the faults, other ones each time.
  for (const fault of sample(faults, 2)) {
    const stride = strideOf(13)
    for (const n of calls(stride)) {
      const machine = new Machine()
      await operation.before(machine.init(), machine)
      const store = machine.open()
      machine.files.arm(fault, n)
      let fact: Fact | undefined
      let thrown: unknown
      try {
        fact = await operation.act(store)
      } catch (error) {
        thrown = error
      }
      const { struck } = machine.files
      if (!struck && thrown) throw thrown
      machine.files.reboot()
      try {
        await operation.after(machine.open(), fact, fault)
      } catch (error) {
        const detail = `${fault} at call ${n}: ${(error as Error).message}`
        throw Object.assign(error as Error, { message: `${detail}\n${JSON.stringify(machine.files.tree(), null, 1)}` })
      }
      if (!struck) break
      points.swept++
    }
    isWhole &&= stride() === 1
  }
  return isWhole
}

export async function withHistory(store: Store): Promise<void> {
  const environment = await store.additions.create(name, by)
  await environment.append({ base: 1, definition: 'values:\n  a: 1\n', change: 'edit', ...by })
  await environment.append({ base: 2, definition: 'values:\n  a: 2\n', change: 'edit', ...by })
}

/**
 * The store is sound: numbers are contiguous, every seal and link holds, and writing goes on where
 * it stopped.
 */
export async function expectSound(store: Store, definitions: readonly string[]): Promise<void> {
  const environment = store.environment(name)
  const newest = environment.current()
  expect(newest.number).to.equal(definitions.length)
  for (const revision of environment.history()) {
    expect(revision.definition).to.equal(definitions[revision.number - 1])
    await environment.verify(revision)
  }
  expect(environment.definitionState()).to.be.oneOf(['clean', 'stale'])
  const { findings } = await store.upkeep.check()
  expect(findings.filter(({ severity }) => severity === 'error')).to.deep.equal([])
  await store.upkeep.fix(findings)
  const left = (await store.upkeep.check()).findings.filter(
    ({ kind }) => kind !== 'unfinished_rotation' && kind !== 'torn_event',
  )
  expect(left).to.deep.equal([])
  const next = await environment.append({ base: newest.number, definition: 'values: next\n', change: 'edit', ...by })
  expect(next.number).to.equal(newest.number + 1)
  expect(environment.definitionState()).to.equal('clean')
  expect(environment.workingDefinition()).to.equal('values: next\n')
}

export function expectNoLeftovers(machine: Machine): void {
  const leftovers = Object.keys(machine.files.tree()).filter((path) => /environments\/[^.].*\.tmp-/.test(path))
  expect(leftovers).to.deep.equal([])
}
