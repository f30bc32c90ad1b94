import { type FileSystem, machineFiles } from '../files/index.ts'
import { machineProcesses, type Processes } from '../store/index.ts'
import { Announcements } from './announcements.ts'
import type { Delivered } from './delivered.ts'
import type { WebhookEvent } from './event.ts'
import { type AffectedImporter, deliveriesOf } from './expand.ts'
import { limited } from './limited.ts'
import { type Delivery, Outbox } from './outbox.ts'
import { reconcileOrphans } from './reconcile.ts'
import { afterAttempt } from './retry.ts'
import { type SendHost, sendIfWanted } from './send.ts'

/** Everything that sends deliveries, one after the other. */
export interface DeliveryHost extends SendHost {
  readonly files?: FileSystem
  readonly processes?: Processes
  /** From 0 to 1. */
  readonly random: () => number
  readonly sleep: (ms: number) => Promise<void>
  /** Returns who imports what an event has changed. */
  readonly importers: (event: WebhookEvent) => readonly AffectedImporter[]
}

export interface DeliverOptions {
  /**
   * Waits so long in all for deliveries that become due, in milliseconds. Default
   * 0: sends what is due now.
   */
  readonly patienceMs?: number
  /** Stops waiting; what is being sent is sent to its end. */
  readonly signal?: AbortSignal
}

/** At most this many are sent at the same time. */
const concurrency = 8
const dayMs = 86_400_000
/** While somebody sends, nobody else needs to look: so long, should that process die. */
const leaseMs = 60_000

/**
 * Sends what is due to the webhooks of a store: what has been announced since, and what is to be
 * tried again. Safe to call at any time, from any number of processes. At least once: what was sent
 * may be sent again, with the same id, when the process dies before it has noted that.
 */
export async function deliverDue(host: DeliveryHost, options: DeliverOptions = {}): Promise<Delivered> {
  const started = host.now()
  const { announcements, outbox } = placesOf(host)
  const total = { delivered: 0, failed: 0 }
  /**
   * Events that cannot be told now, such as of a damaged environment: each is left for another
   * time, for a day.
   */
  const stuck = new Set<string>()
  const toTell = () => announcements.waiting().filter(({ id }) => !stuck.has(id))
  for (;;) {
    const lock = await host.store.background.tryLockWebhooks()
    if (lock === undefined) return { ...total, waiting: 0, busy: true }
    try {
      outbox.next = host.now() + leaseMs
      for (;;) {
        reconcileOrphans(host.store, announcements, host.now() - dayMs)
        for (const event of toTell()) {
          try {
            for (const each of deliveriesOf(event, host.store, host.importers)) outbox.add(each)
            announcements.done(event.id)
          } catch {
            if (Date.parse(event.at) < host.now() - dayMs) announcements.done(event.id)
            else stuck.add(event.id)
          }
        }
        const due = outbox.pending().filter((delivery) => (delivery.due ?? 0) <= host.now())
        await limited(due, concurrency, async (delivery) => {
          const outcome = await attempt(delivery, host, outbox)
          if (outcome !== 'pending') total[outcome]++
        })
        const next = outbox.pending()[0]?.due
        const patience = started + (options.patienceMs ?? 0) - host.now()
        if (options.signal?.aborted || next === undefined || next - host.now() > patience) break
        // Others may announce something meanwhile, and leave it to this process.
        await host.sleep(Math.min(Math.max(next - host.now(), 0), 1000))
      }
      outbox.next = outbox.pending()[0]?.due
    } finally {
      lock.release()
    }
    // Whoever came while the lock was held has left what he announced to us.
    if (options.signal?.aborted || toTell().length === 0) break
  }
  const waiting = outbox.pending()
  const next = waiting[0]?.due
  return { ...total, waiting: waiting.length, ...(next === undefined ? {} : { next: new Date(next) }) }
}

async function attempt(delivery: Delivery, host: DeliveryHost, outbox: Outbox): Promise<Delivery['state']> {
  const { answer, attempt } = await sendIfWanted(delivery, host)
  if (attempt === undefined) {
    outbox.forgetOne(delivery.id)
    return 'pending'
  }
  const attempts = [...delivery.attempts, attempt]
  const { state, waitMs = 0 } = afterAttempt(answer, attempts.length, host.random())
  if (state === 'pending') outbox.put({ ...delivery, attempts, due: host.now() + waitMs })
  else outbox.end({ ...delivery, state, attempts })
  return state
}

function placesOf({ store, files = machineFiles, processes = machineProcesses }: DeliveryHost) {
  return {
    announcements: new Announcements(store.state.folder, files, processes),
    outbox: new Outbox(store.state.folder, files),
  }
}
