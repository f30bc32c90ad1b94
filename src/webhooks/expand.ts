import type { Store } from '../store/index.ts'
import { type WebhookEvent, wants } from './event.ts'
import { type Delivery, deliveryId, type Outbox, waitingDeliveries } from './outbox.ts'
import { payloadOf } from './payload.ts'
import { webhooksOf } from './webhook.ts'

/** An environment that an event of another one concerns. */
export interface AffectedImporter {
  readonly name: string
  readonly affectedRevisions: readonly number[]
}

/**
 * Turns an event into deliveries: to the webhooks of its environment, and of those that
 * import it. Can be done again.
 */
export function expand(
  event: WebhookEvent,
  store: Store,
  outbox: Outbox,
  importers: (event: WebhookEvent) => readonly AffectedImporter[],
): void {
  tell(event, store, outbox)
  const partly = succeededPart(event)
  if (partly !== undefined) tell(partly, store, outbox)
  for (const { name, affectedRevisions } of importers(event)) {
    const { revision, user, at, id, environment: imported } = event
    const changed = { name: imported.name, revision }
    const shared = { id, at, user, affectedRevisions, imported: changed }
    const environment = { name, id: store.environment(name).id }
    tell({ ...shared, kind: 'imported_environment_changed', action: 'updated', environment }, store, outbox)
  }
}

/**
 * Returns the succeeded part of a rotation that succeeded in part: what succeeded, as an event of
 * its own.
 */
function succeededPart(event: WebhookEvent): WebhookEvent | undefined {
  const { rotation, action } = event
  const rotations = rotation?.rotations.filter(({ status }) => status === 'succeeded') ?? []
  if (rotation === undefined || action !== 'rotation_failed' || rotations.length === 0) return undefined
  const { errorMessage: _, ...rest } = rotation
  return {
    ...event,
    id: `${event.id}-succeeded`,
    action: 'rotation_succeeded',
    rotation: { ...rest, status: 'succeeded', rotations },
  }
}

function tell(event: WebhookEvent, store: Store, outbox: Outbox): void {
  const { environment } = event
  if (!store.has(environment.name)) return
  const { settings, id: environmentId } = store.environment(environment.name)
  if (environmentId !== environment.id) return
  for (const webhook of webhooksOf(settings)) {
    // What happened before there was this webhook, and waited for somebody to
    // look, is not its business.
    if (!webhook.active || event.at < webhook.created || !wants(webhook, event)) continue
    const known = outbox.of(environmentId, webhook)
    const id = deliveryId(event, { environmentId, webhook: `${webhook.name} ${webhook.created}`, kind: event.kind })
    if (known.some((delivery) => delivery.id === id)) continue
    const delivery: Delivery = {
      id,
      environment,
      webhook: webhook.name,
      webhookCreated: webhook.created,
      kind: event.kind,
      created: event.at,
      body: payloadOf(event, webhook, store.organization),
      state: 'pending',
      attempts: [],
      due: 0,
    }
    if (known.filter(({ state }) => state === 'pending').length < waitingDeliveries) outbox.put(delivery)
    else outbox.end({ ...delivery, state: 'failed', attempts: [tooMany(event.at)] })
  }
}

function tooMany(at: string) {
  return { at, durationMs: 0, responseCode: 0, error: `${waitingDeliveries} others are waiting for this webhook` }
}
