import type { NewOutboxDelivery, OutboxDelivery, OutboxEvent } from '../store/index.ts'
import type { WebhookEvent } from './event.ts'
import type { Attempt, Delivery } from './outbox.ts'

/** The part of a delivery that a database keeps as one text. */
type Content = Pick<Delivery, 'kind' | 'body'> & { readonly environment: string }

/** A delivery as a database keeps it. */
export function rowOf(delivery: Delivery): OutboxDelivery {
  const { state, attempts, due } = delivery
  return {
    ...newRowOf(delivery),
    state,
    due: state === 'pending' ? new Date(due ?? 0) : undefined,
    attempts: attempts.map(attemptRow),
  }
}

/** The part of a delivery that stays the same. */
export function newRowOf({
  id,
  environment,
  kind,
  body,
  webhook,
  webhookCreated,
  created,
}: Delivery): NewOutboxDelivery {
  const content: Content = { environment: environment.name, kind, body }
  return { id, environment: environment.id, webhook, webhookCreated, created, content: JSON.stringify(content) }
}

/** An attempt as a database keeps it. */
export function attemptRow(attempt: Attempt): string {
  return JSON.stringify(attempt)
}

/** Reads a delivery that a database has kept. */
export function deliveryOf({ environment: id, content, due, attempts, ...row }: OutboxDelivery): Delivery {
  const { environment: name, kind, body } = JSON.parse(content) as Content
  return {
    ...row,
    environment: { id, name },
    kind,
    body,
    attempts: attempts.map((each) => JSON.parse(each) as Attempt),
    ...(due === undefined ? {} : { due: due.getTime() }),
  }
}

/** An event as a database keeps it. */
export function eventRow(event: WebhookEvent): OutboxEvent {
  return { id: event.id, environment: event.environment.id, content: JSON.stringify(event) }
}

/** Reads an event that a database has kept. */
export function eventOf({ content }: OutboxEvent): WebhookEvent {
  return JSON.parse(content) as WebhookEvent
}
