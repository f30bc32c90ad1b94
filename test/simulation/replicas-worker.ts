import { type MessagePort, parentPort } from 'node:worker_threads'
import { type ReplicaCounts, replicaSchedule, simulateReplicas } from './replicas.ts'
import type { DatabaseSabotage } from './shared-database.ts'

/** Seeds to be simulated. */
export interface ReplicaWork {
  readonly first: number
  readonly stride: number
  readonly count: number
  /** No schedule is begun later than this, in milliseconds since the epoch. */
  readonly end: number
  readonly sabotage?: DatabaseSabotage
  /** Shared by all threads: not 0 once one of them has found a violation. */
  readonly found: Int32Array
}

export interface ReplicasDone {
  readonly schedules: number
  readonly counts: ReplicaCounts | undefined
  readonly found?: { readonly seed: number; readonly message: string; readonly log: readonly string[] }
}

async function work({ first, stride, count, end, sabotage, found }: ReplicaWork): Promise<ReplicasDone> {
  let counts: ReplicaCounts | undefined
  let schedules = 0
  for (let index = 0; index < count; index++) {
    if (Atomics.load(found, 0) !== 0 || Date.now() > end) break
    const seed = first + index * stride
    const outcome = await simulateReplicas(replicaSchedule(seed), sabotage)
    schedules++
    counts = addCounts(counts, outcome.counts)
    if (outcome.violation === undefined) continue
    Atomics.store(found, 0, 1)
    return { schedules, counts, found: { seed, ...outcome.violation } }
  }
  return { schedules, counts }
}

/** Adds up what happened in two. */
export function addCounts(one: ReplicaCounts | undefined, other: ReplicaCounts | undefined): ReplicaCounts | undefined {
  if (one === undefined || other === undefined) return one ?? other
  const entries = Object.entries(one).map(([key, value]) => [key, value + other[key as keyof ReplicaCounts]])
  return Object.fromEntries(entries) as ReplicaCounts
}

if (parentPort) serve(parentPort)

function serve(port: MessagePort): void {
  port.on('message', async (given: ReplicaWork) => {
    Error.stackTraceLimit = given.count === 1 ? 20 : 0
    port.postMessage(await work(given))
  })
  port.postMessage('ready')
}
