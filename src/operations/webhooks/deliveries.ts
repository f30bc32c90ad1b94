import { randomBytes } from 'node:crypto'
import { EscError } from '../../errors.ts'
import { rich, step } from '../../rich-text.ts'
import {
  type Delivered,
  type Delivery,
  type DeliveryHost,
  deliverDue,
  deliverShared,
  keptDeliveries,
  pingPayload,
  postWebhook,
  prepareDeliveries,
  sendNow,
  sendShared,
  webhookNamed,
} from '../../webhooks/index.ts'
import { affectedImporters } from '../session/affected-importers.ts'
import { workspaceKeys } from '../session/open-workspace.ts'
import { operation, storeOperation } from '../session/operation.ts'
import type { Workspace } from '../session/workspace.ts'
import { trustedHosts } from './allowed-hosts.ts'

/** Sends a test delivery now, whether the webhook is active or not. */
export const pingWebhook = operation({
  name: 'ping-webhook',
  level: 'write',
  audit: 'environment-webhook-delivered',
  changes: false,
  input: (z) => z.string().describe('name of the webhook'),
  async run(work, name: string): Promise<Delivery> {
    const environment = work.store.environment(work.subject.name)
    const webhook = webhookNamed(environment.settings, name, work.subject.name)
    const at = work.host.now()
    const user = await work.author()
    const about = { environment: environment.name, user, at }
    const delivery: Delivery = {
      id: pingId(work),
      environment: { id: environment.id, name: environment.name },
      webhook: name,
      webhookCreated: webhook.created,
      kind: 'ping',
      created: at.toISOString(),
      body: pingPayload(about, webhook, work.store.organization),
      state: 'pending',
      attempts: [],
    }
    return sendNow(delivery, webhook, await deliveryHost(work))
  },
})

/**
 * Lists what was sent to a webhook and still has to be, newest first: by this machine, or by all
 * servers of a database.
 */
export const webhookDeliveries = operation({
  name: 'list-webhook-deliveries',
  level: 'write',
  audit: 'environment-read',
  changes: false,
  input: (z) => z.string().describe('name of the webhook'),
  async run(work, name: string): Promise<Delivery[]> {
    const environment = work.store.environment(work.subject.name)
    const webhook = webhookNamed(environment.settings, name, work.subject.name)
    return keptDeliveries(work.store).of(environment.id, webhook)
  },
})

/**
 * Sends a delivery once more, now: the same body under the same id. Throws EscError `not_found`.
 */
export const redeliver = operation({
  name: 'redeliver-webhook',
  level: 'write',
  audit: 'environment-webhook-delivered',
  changes: false,
  input: (z) => z.strictObject({ name: z.string(), id: z.string() }),
  async run(work, { name, id }: { readonly name: string; readonly id: string }): Promise<Delivery> {
    const { subject } = work
    const environment = work.store.environment(subject.name)
    const webhook = webhookNamed(environment.settings, name, subject.name)
    const deliveries = await keptDeliveries(work.store).of(environment.id, webhook)
    const delivery = deliveries.find((each) => each.id === id)
    if (delivery !== undefined) return sendNow(delivery, webhook, await deliveryHost(work))
    throw new EscError('not_found', `webhook '${name}' of environment '${subject.name}' has no delivery '${id}'`, {
      hint: rich`${step('list those that are known', { do: 'list-deliveries', environment: subject.name, webhook: name })}`,
    })
  },
})

/**
 * Sends what is due to the webhooks of the store; for the scheduler, and for a process that nobody
 * waits for. `patienceMs`: how long to wait in all for deliveries that become due; default: not at
 * all. The signal ends the waiting; what is being sent is sent to its end.
 */
export const deliverWebhooks = storeOperation({
  name: 'deliver-webhooks',
  level: undefined,
  audit: 'environment-webhook-delivered',
  async run(work, { patienceMs = 0 }: { readonly patienceMs?: number }): Promise<Delivered> {
    const host = await deliveryHost(forAll(work))
    const records = host.store.shared?.outbox
    if (records !== undefined) return deliverShared({ ...host, records })
    return deliverDue(host, { patienceMs, signal: work.signal })
  },
})

/** A delivery that waits in a database. */
export interface PreparedDelivery {
  readonly id: string
  readonly due: Date
}

/**
 * For a server that shares a database with others: makes deliveries of what has happened, and
 * returns those that are due within `withinMs`. `seen`: what the process knows from calls before.
 */
export const prepareSharedDeliveries = storeOperation({
  name: 'prepare-webhook-deliveries',
  level: undefined,
  audit: 'environment-webhook-delivered',
  async run(
    work,
    { withinMs, seen }: { readonly withinMs: number; readonly seen: Map<string, number> },
  ): Promise<readonly PreparedDelivery[]> {
    const host = await sharedHost(work)
    return prepareDeliveries(host, { withinMs, seen })
  },
})

/**
 * For the same: sends one delivery that is due, once. `undefined`: somebody else has sent it, or is
 * sending it.
 */
export const sendSharedDelivery = storeOperation({
  name: 'send-webhook-delivery',
  level: undefined,
  audit: 'environment-webhook-delivered',
  async run(work, id: string): Promise<{ readonly state: Delivery['state']; readonly due?: Date } | undefined> {
    return sendShared(id, await sharedHost(work))
  },
})

/** @throws EscError `unsupported` for a folder, of which one process sends the deliveries. */
async function sharedHost(work: Workspace) {
  const host = await deliveryHost(forAll(work))
  const records = host.store.shared?.outbox
  if (records !== undefined) return { ...host, records }
  throw new EscError('unsupported', 'the store is in a folder, of which one process sends the deliveries')
}

/**
 * Webhooks of environments that the user may not see are told of what he has done all the same; he
 * sees nothing of them.
 */
function forAll(work: Workspace): Workspace {
  return { ...work, store: work.store.openedFor({ keys: workspaceKeys(() => work, work.host) }) }
}

async function deliveryHost(workspace: Workspace) {
  const { host, store } = workspace
  return {
    store,
    now: () => host.now().getTime(),
    random: Math.random,
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
    post: host.postWebhook ?? ((request) => postWebhook(request)),
    importers: (event) => affectedImporters(workspace, event),
    allowed: await trustedHosts(workspace),
  } satisfies DeliveryHost
}

function pingId({ host }: Workspace): string {
  return `dlv-${Buffer.from((host.random ?? randomBytes)(12)).toString('hex')}`
}
