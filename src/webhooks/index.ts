export { Announcements, fieldDigest } from './announcements.ts'
export { announcingListener, quietly } from './announcing-listener.ts'
export { anyWebhooks } from './any-webhooks.ts'
export { type DeliveryHost, deliverDue } from './deliver.ts'
export type { Delivered } from './delivered.ts'
export { eventRow } from './delivery-rows.ts'
export { hasDue } from './due.ts'
export { type EventKind, filterNames, groupNames, shortNames, type WebhookEvent } from './event.ts'
export type { AffectedImporter } from './expand.ts'
export { checkHeaders, headersAfter, readHeader, type WebhookHeaders } from './headers.ts'
export { keptDeliveries, sendNow } from './kept-deliveries.ts'
export { type Delivery, Outbox } from './outbox.ts'
export { pingPayload } from './payload.ts'
export { type PostWebhook, postWebhook, type WebhookRequest } from './post.ts'
export { toldOf } from './reconcile.ts'
export { allowedHosts } from './send.ts'
export {
  deliverShared,
  prepareDeliveries,
  sendShared,
} from './shared-deliveries.ts'
export { readTemplate } from './template.ts'
export { type AllowedHosts, checkUrl, isAllowed } from './url.ts'
export {
  encode,
  formats,
  needsKey,
  newName,
  secretsOf,
  type Webhook,
  type WebhookFormat,
  type WebhookSecrets,
  webhookNamed,
  webhooksOf,
  withSecrets,
} from './webhook.ts'
