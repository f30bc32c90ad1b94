import type { Store } from '../store/index.ts'
import { type WebhookEvent, wants } from './event.ts'
import { type Delivery, deliveryId } from './outbox.ts'
import { payloadOf } from './payload.ts'
import { webhooksOf } from './webhook.ts'

/** An environment that an event of another one concerns. */
export interface AffectedImporter {
  readonly name: string
  readonly affectedRevisions: readonly number[]
}

/**
 * Returns the deliveries that follow from an event: to the webhooks of its environment, and of
 * those that import it. The same each time.
 */
export function deliveriesOf(
  event: WebhookEvent,
  store: Store,
  importers: (event: WebhookEvent) => readonly AffectedImporter[],
): Delivery[] {
  const partly = succeededPart(event)
  const own = [event, ...(partly === undefined ? [] : [partly])].flatMap((each) => told(each, store))
  const others = importers(event).flatMap(({ name, affectedRevisions }) => {
    const { revision, user, at, id, environment: imported } = event
    const changed = { name: imported.name, revision }
    const shared = { id, at, user, affectedRevisions, imported: changed }
    const environment = { name, id: store.environment(name).id }
    return told({ ...shared, kind: 'imported_environment_changed', action: 'updated', environment }, store)
  })
  return [...own, ...others]
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

function told(event: WebhookEvent, store: Store): Delivery[] {
  const { environment } = event
  if (!store.has(environment.name)) return []
  const { settings, id: environmentId } = store.environment(environment.name)
  if (environmentId !== environment.id) return []
  return webhooksOf(settings).flatMap((webhook): Delivery[] => {
    // What happened before there was this webhook, and waited for somebody to
    // look, is not its business.
    if (!webhook.active || event.at < webhook.created || !wants(webhook, event)) return []
    const id = deliveryId(event, { environmentId, webhook: `${webhook.name} ${webhook.created}`, kind: event.kind })
    const delivery = {
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
    } as const
    return [delivery]
  })
}
