import type { OutboxRecords, WaitingDelivery } from '../store/index.ts'
import { Announcements } from './announcements.ts'
import type { DeliveryHost } from './deliver.ts'
import type { Delivered } from './delivered.ts'
import { attemptRow, deliveryOf, eventOf, eventRow, newRowOf, rowOf } from './delivery-rows.ts'
import { deliveriesOf } from './expand.ts'
import { limited } from './limited.ts'
import { type Delivery, Outbox, tooMany, waitingDeliveries } from './outbox.ts'
import { reconcileOrphans, whatHappened } from './reconcile.ts'
import { afterAttempt } from './retry.ts'
import { sendIfWanted } from './send.ts'

/** Everything that sends deliveries that several servers share. */
export type SharedDeliveryHost = DeliveryHost & { readonly records: OutboxRecords }

/** Milliseconds since 1970 at which this process first saw that nobody looks after an event. */
type OrphansSeen = Map<string, number>

/** A rotation that has just ended is told of by whoever rotated: others wait so long. */
const orphanMs = 10_000
const dayMs = 86_400_000
/** At most this many are sent at the same time. */
const concurrency = 8

/**
 * Makes deliveries of what has happened, and returns those that are due within
 * `withinMs`. Any number of servers may do so at once.
 * @throws EscError `io`.
 */
export async function prepareDeliveries(
  host: SharedDeliveryHost,
  { withinMs, seen }: { readonly withinMs: number; readonly seen: OrphansSeen },
): Promise<readonly WaitingDelivery[]> {
  const { records, store } = host
  await adoptOutbox(host)
  await reconcile(host, seen)
  const events = await records.events()
  // The copy in memory must not be older than the events.
  if (events.length > 0) await store.refresh()
  for (const row of events) {
    const event = eventOf(row)
    const deliveries = expanded(() => deliveriesOf(event, store, host.importers))
    if (deliveries === undefined && Date.parse(event.at) >= host.now() - dayMs) continue
    await records.expanded(row.id, (deliveries ?? []).map(newRowOf), {
      most: waitingDeliveries,
      tooMany: attemptRow(tooMany(event.at)),
    })
  }
  return records.waiting(withinMs)
}

/** The outcome of an attempt. `due`: when the next is. */
type SentShared = Pick<Delivery, 'state'> & { readonly due?: Date }

/**
 * Sends a delivery once. `undefined`: somebody else does, it has ended, or it is not due.
 * @throws EscError `io`.
 */
export async function sendShared(id: string, host: SharedDeliveryHost): Promise<SentShared | undefined> {
  const { records, store } = host
  const claimed = await records.claim(id)
  if (claimed === undefined) return undefined
  // The webhook may be younger than the copy in memory.
  await store.refresh()
  const delivery = deliveryOf(claimed.delivery)
  const { answer, attempt } = await sendIfWanted(delivery, host)
  if (attempt === undefined) {
    await records.forgetOne(id)
    return undefined
  }
  const { state, waitMs } = afterAttempt(answer, delivery.attempts.length + 1, host.random())
  const { claim } = claimed
  const due = await records.attempted(id, { state, waitMs, attempt: attemptRow(attempt), claim })
  return { state, due }
}

/** Sends all that is due now, for a process that does not wait for its turn. */
export async function deliverShared(host: SharedDeliveryHost): Promise<Delivered> {
  const total = { delivered: 0, failed: 0 }
  for (;;) {
    const due = await prepareDeliveries(host, { withinMs: 0, seen: new Map() })
    let sent = 0
    await limited(due, concurrency, async ({ id }) => {
      const outcome = await sendShared(id, host)
      if (outcome === undefined) return
      sent++
      if (outcome.state !== 'pending') total[outcome.state]++
    })
    if (sent === 0) break
  }
  const waiting = await host.records.waiting(30 * dayMs)
  return { ...total, waiting: waiting.length, ...(waiting[0] && { next: waiting[0].due }) }
}

/** `undefined`: a damaged environment, which may be mended. */
function expanded(make: () => Delivery[]): Delivery[] | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

/** Tells of rotations whose server was killed. */
async function reconcile({ records, store, now }: SharedDeliveryHost, seen: OrphansSeen): Promise<void> {
  const orphans = await records.orphans()
  for (const id of seen.keys()) if (!orphans.some((each) => each.id === id)) seen.delete(id)
  const due = orphans.filter(({ id }) => {
    const since = seen.get(id) ?? now()
    seen.set(id, since)
    return now() - since >= orphanMs
  })
  if (due.length > 0) await store.refresh()
  for (const row of due) {
    try {
      const happened = whatHappened(store, { event: eventOf(row), proof: { kind: 'rotation' } })
      if (happened === undefined) await records.notHappened(row.id)
      else await records.reconciled(eventRow(happened))
    } catch {
      if (Date.parse(eventOf(row).at) >= now() - dayMs) continue
      await records.notHappened(row.id)
    }
  }
}

/** Takes over what a version before has left on this machine: it kept there what waits. */
async function adoptOutbox({ records, store, files, processes, now }: SharedDeliveryHost): Promise<void> {
  const announcements = new Announcements(store.state.folder, files, processes)
  reconcileOrphans(store, announcements, now() - dayMs)
  for (const event of announcements.waiting()) {
    await records.happened(eventRow(event))
    announcements.done(event.id)
  }
  const outbox = new Outbox(store.state.folder, files)
  for (const delivery of outbox.pending()) {
    await records.keep(rowOf(delivery))
    outbox.forgetOne(delivery.id)
  }
  for (const delivery of outbox.allEnded()) await records.keep(rowOf(delivery))
  outbox.forgetEnded()
}
