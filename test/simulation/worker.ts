import { type MessagePort, parentPort } from 'node:worker_threads'
import { type Schedule, scheduleOf } from './schedule.ts'
import { type Counts, type Outcome, type SimulationOptions, simulate } from './simulation.ts'

/** Schedules made of seeds, or just these. */
export type Work = SimulationOptions & {
  /** No schedule is begun later than this, in milliseconds since the epoch. */
  readonly end?: number
  /**
   * Shared by all threads: not 0 once one of them has found a violation. No schedule is begun then.
   */
  readonly found: Int32Array
} & (
    | { readonly seeds: { readonly first: number; readonly stride: number; readonly count: number } }
    | { readonly schedules: readonly Schedule[] }
  )

export interface Done {
  readonly schedules: number
  readonly counts: Counts
  /** The first violation, with the smallest schedule that still shows one. */
  readonly found?: Found
}

export interface Found {
  readonly seed: number
  readonly message: string
  readonly shrunk: Schedule
  readonly log: readonly string[]
}

async function work(work: Work): Promise<Done> {
  let counts: Counts | undefined
  let schedules = 0
  for (const schedule of schedulesOf(work)) {
    const over = Atomics.load(work.found, 0) !== 0 || Date.now() > (work.end ?? Number.POSITIVE_INFINITY)
    if (counts !== undefined && over) break
    const outcome = await simulate(schedule, work)
    schedules++
    counts = counts === undefined ? outcome.counts : sum(counts, outcome.counts)
    if (!outcome.violation) continue
    Atomics.store(work.found, 0, 1)
    return { schedules, counts, found: await shrink(schedule, outcome.violation, work) }
  }
  return { schedules, counts: counts! }
}

function* schedulesOf(work: Work): Generator<Schedule> {
  if ('schedules' in work) yield* work.schedules
  else {
    const { first, stride, count } = work.seeds
    for (let index = 0; index < count; index++) yield scheduleOf(first + index * stride)
  }
}

type Violation = NonNullable<Outcome['violation']>

/**
 * Leaves out, one after the other, every step and everything that befalls a run which the violation
 * does not need.
 */
async function shrink(schedule: Schedule, first: Violation, options: SimulationOptions): Promise<Found> {
  let shrunk = schedule
  let violation = first
  for (let changed = true; changed; ) {
    changed = false
    for (const smaller of smallerThan(shrunk)) {
      const outcome = await simulate(smaller, options)
      if (outcome.violation === undefined) continue
      shrunk = smaller
      violation = outcome.violation
      changed = true
      break
    }
  }
  return { seed: schedule.seed, message: violation.message, shrunk, log: violation.log }
}

function* smallerThan(schedule: Schedule): Generator<Schedule> {
  const { rotators, steps } = schedule
  for (let index = 0; index < steps.length; index++) yield { ...schedule, steps: steps.toSpliced(index, 1) }
  for (const [index, step] of steps.entries()) {
    if (step.kind !== 'run') continue
    for (const extra of ['rival', 'edit', 'fault'] as const) {
      if (step[extra] === undefined) continue
      const { [extra]: _, ...without } = step
      yield { ...schedule, steps: steps.with(index, without) }
    }
  }
  const names = Object.keys(rotators)
  for (const name of names.length > 1 ? names : []) {
    const { [name]: _, ...others } = rotators
    if (!JSON.stringify(steps).includes(`"${name}"`)) yield { ...schedule, rotators: others }
  }
}

export function sum(one: Counts, other: Counts): Counts {
  const entries = Object.entries(one).map(([key, value]) => [key, value + other[key as keyof Counts]])
  return Object.fromEntries(entries) as Counts
}

if (parentPort) serve(parentPort)

function serve(port: MessagePort): void {
  port.on('message', async (given: Work) => {
    // Most errors here are answers like "no such file", and nobody reads where they were made.
    Error.stackTraceLimit = 'seeds' in given && given.seeds.count === 1 ? 20 : 0
    port.postMessage(await work(given))
  })
  port.postMessage('ready')
}
