import type { FileSystem } from '../files/index.ts'
import type { OutboxRecords, Store } from '../store/index.ts'
import { attemptRow, deliveryOf, rowOf } from './delivery-rows.ts'
import { type Delivery, Outbox } from './outbox.ts'
import { verdictOn } from './retry.ts'
import { type SendHost, sendDelivery } from './send.ts'
import type { Webhook } from './webhook.ts'

/** The deliveries of a store: those of this machine, or those of all servers of a database. */
interface KeptDeliveries {
  /** All of a webhook, newest first. */
  of(environmentId: string, webhook: Pick<Webhook, 'name' | 'created'>): Promise<Delivery[]>
  /** Keeps the last attempt of a delivery that a person has had sent, and its state after that. */
  noted(delivery: Delivery): Promise<void>
  /** Forgets everything of a removed webhook. */
  forget(environmentId: string, webhook: string): Promise<void>
}

/** Returns the deliveries of a store, wherever they are kept. */
export function keptDeliveries(store: Store, files?: FileSystem): KeptDeliveries {
  const records = store.shared?.outbox
  return records === undefined ? inFolder(new Outbox(store.state.folder, files)) : inDatabase(records)
}

/** Sends one delivery now, whatever the state of its webhook, and notes how it went. */
export async function sendNow(
  delivery: Delivery,
  webhook: Webhook,
  host: SendHost & { readonly files?: FileSystem },
): Promise<Delivery> {
  const { answer, attempt } = await sendDelivery(delivery, webhook, host)
  const attempts = [...delivery.attempts, attempt]
  const isDelivered = verdictOn(answer).kind === 'delivered'
  // What waits for another attempt still does.
  const waits = !isDelivered && delivery.due !== undefined
  const { due, ...ended } = delivery
  const state = isDelivered ? 'delivered' : 'failed'
  const noted: Delivery = waits ? { ...delivery, attempts } : { ...ended, state, attempts }
  await keptDeliveries(host.store, host.files).noted(noted)
  return { ...delivery, state, attempts }
}

function inFolder(outbox: Outbox): KeptDeliveries {
  return {
    of: async (environmentId, webhook) => outbox.of(environmentId, webhook),
    noted: async (delivery) => (delivery.due === undefined ? outbox.end(delivery) : outbox.put(delivery)),
    forget: async (environmentId, webhook) => outbox.forget(environmentId, webhook),
  }
}

function inDatabase(records: OutboxRecords): KeptDeliveries {
  return {
    async of(environment, { name: webhook, created: webhookCreated }) {
      return (await records.of({ environment, webhook, webhookCreated })).map(deliveryOf)
    },
    async noted(delivery) {
      await records.keep(rowOf(delivery))
      const attempt = delivery.attempts.at(-1)
      if (attempt !== undefined)
        await records.attempted(delivery.id, { state: delivery.state, attempt: attemptRow(attempt) })
    },
    forget: (environment, webhook) => records.forget(environment, webhook),
  }
}
