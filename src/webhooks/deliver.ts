import { createHmac } from 'node:crypto'
import { messageOf } from '../errors.ts'
import { type FileSystem, machineFiles } from '../files/index.ts'
import { excerpt } from '../http/index.ts'
import { machineProcesses, type Processes, type Store } from '../store/index.ts'
import { Announcements } from './announcements.ts'
import type { WebhookEvent } from './event.ts'
import { type AffectedImporter, expand } from './expand.ts'
import { type Attempt, type Delivery, Outbox } from './outbox.ts'
import type { PostWebhook, WebhookAnswer } from './post.ts'
import { reconcileOrphans } from './reconcile.ts'
import { verdictOn, waitMsAfter } from './retry.ts'
import { type AllowedHosts, checkUrl, isAllowed } from './url.ts'
import { secretsOf, type Webhook, type WebhookFormat, webhooksOf } from './webhook.ts'

export interface DeliveryHost {
  readonly store: Store
  readonly files?: FileSystem
  readonly processes?: Processes
  readonly now: () => number
  /** From 0 to 1. */
  readonly random: () => number
  readonly sleep: (ms: number) => Promise<void>
  readonly post: PostWebhook
  /** Private hosts that may be reached: those of `esc.yaml` that were allowed on this machine. */
  readonly allowed: AllowedHosts
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

export interface Delivered {
  readonly delivered: number
  /** Given up: no further attempt. */
  readonly failed: number
  /** Those that wait for another attempt. */
  readonly waiting: number
  /** The time when the next is due. */
  readonly next?: Date
  /** Another process is sending; nothing was done here. */
  readonly busy?: boolean
}

/** For each attempt, in milliseconds. */
const timeoutMs = 10_000
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
            expand(event, host.store, outbox, host.importers)
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

/** Sends one delivery now, whatever the state of its webhook, and notes how it went. */
export async function sendNow(
  delivery: Delivery,
  webhook: Webhook,
  host: Pick<DeliveryHost, 'store' | 'files' | 'now' | 'post' | 'allowed'>,
): Promise<Delivery> {
  const { answer, attempt } = await send(delivery, webhook, host)
  const outbox = new Outbox(host.store.state.folder, host.files)
  const attempts = [...delivery.attempts, attempt]
  if (verdictOn(answer).kind === 'delivered') {
    outbox.end({ ...delivery, state: 'delivered', attempts })
    return { ...delivery, state: 'delivered', attempts }
  }
  // What waits for another attempt still does.
  if (delivery.due === undefined) outbox.end({ ...delivery, state: 'failed', attempts })
  else outbox.put({ ...delivery, attempts })
  return { ...delivery, state: 'failed', attempts }
}

/**
 * Hosts that the store's `esc.yaml` asks to reach although they are private. Only what was
 * allowed on this machine counts.
 */
export function allowedHosts(store: Store): AllowedHosts {
  const webhooks = store.configuration.get('webhooks') as { readonly allow?: unknown } | null | undefined
  const allow = webhooks?.allow
  return Array.isArray(allow) ? allow.filter((each) => typeof each === 'string') : []
}

async function attempt(delivery: Delivery, host: DeliveryHost, outbox: Outbox): Promise<Delivery['state']> {
  const { answer, attempt } = await sendIfWanted(delivery, host)
  if (attempt === undefined) {
    outbox.forgetOne(delivery.id)
    return 'pending'
  }
  const verdict = verdictOn(answer)
  const attempts = [...delivery.attempts, attempt]
  const wait = verdict.kind === 'retry' ? waitMsAfter(attempts.length, host.random(), answer) : undefined
  if (wait !== undefined) {
    outbox.put({ ...delivery, attempts, due: host.now() + wait })
    return 'pending'
  }
  const state = verdict.kind === 'delivered' ? 'delivered' : 'failed'
  outbox.end({ ...delivery, state, attempts })
  return state
}

async function sendIfWanted(
  delivery: Delivery,
  host: DeliveryHost,
): Promise<{ readonly answer: WebhookAnswer; readonly attempt?: Attempt }> {
  const at = new Date(host.now()).toISOString()
  let webhook: Webhook | undefined
  try {
    webhook = currentWebhook(delivery, host.store)
  } catch (error) {
    // A damaged environment must not keep the others waiting; it may be mended.
    const reason = messageOf(error)
    return { answer: { kind: 'failed', reason }, attempt: { at, durationMs: 0, responseCode: 0, error: reason } }
  }
  if (webhook === undefined) return { answer: { kind: 'refused', reason: 'there is no such webhook' } }
  return send(delivery, webhook, host)
}

/** `undefined` when it was removed, made inactive, or its environment removed, since. */
function currentWebhook({ environment, webhook, webhookCreated }: Delivery, store: Store): Webhook | undefined {
  if (!store.has(environment.name)) return undefined
  const { settings, id } = store.environment(environment.name)
  if (id !== environment.id) return undefined
  return webhooksOf(settings).find(
    ({ name, created, active }) => name === webhook && created === webhookCreated && active,
  )
}

async function send(
  delivery: Delivery,
  webhook: Webhook,
  host: Pick<DeliveryHost, 'store' | 'now' | 'post' | 'allowed'>,
): Promise<{ readonly answer: WebhookAnswer; readonly attempt: Attempt }> {
  const started = host.now()
  let answer: WebhookAnswer
  let hidden: readonly string[] = []
  let isUntrusted = false
  try {
    const environment = host.store.environment(delivery.environment.name)
    const key = webhook.sealed === undefined ? undefined : await environment.unlock()
    const { url, secret, headers = {} } = secretsOf(webhook, key)
    hidden = [...(secret === undefined ? [] : [secret]), ...Object.values(headers).flatMap(partsOfHeader)]
    if (webhook.url !== url) hidden = [...hidden, ...partsOfUrl(url)]
    const { allowed, store } = host
    isUntrusted = isAllowed(new URL(url), allowedHosts(store)) && !isAllowed(new URL(url), allowed)
    const request = {
      url: checkUrl(url, webhook.format, allowed),
      headers: { ...formatHeaders[webhook.format], ...headers, ...headersOf(delivery, secret) },
      body: delivery.body,
    }
    answer = await host.post({ ...request, allowed, timeoutMs })
  } catch (error) {
    // The key may be there another time. No answer of a receiver has been seen here.
    answer = { kind: 'failed', reason: beginningOf(messageOf(error), hidden) }
  }
  // Tried again: it may be allowed meanwhile.
  if (isUntrusted && answer.kind !== 'answered') answer = { kind: 'failed', reason: `${answer.reason}; ${untrusted}` }
  const verdict = verdictOn(answer)
  const attempt: Attempt = {
    at: new Date(started).toISOString(),
    durationMs: Math.max(0, Math.round(host.now() - started)),
    responseCode: answer.kind === 'answered' ? answer.status : 0,
    ...(answer.kind === 'answered' && answer.body !== ''
      ? { responseBody: beginningOf(answer.body, hidden, answer.isCut) }
      : {}),
    ...(verdict.kind === 'delivered' ? {} : { error: verdict.reason }),
  }
  return { answer, attempt }
}

const untrusted = 'esc.yaml names this host, and it was not allowed on this machine: trust the store to allow it'

/** The signature is that of the hosted service: lower-case hex of HMAC-SHA256 over the body. */
export function headersOf(
  { id, kind, body }: Pick<Delivery, 'id' | 'kind' | 'body'>,
  secret: string | undefined,
): Record<string, string> {
  return {
    'Content-Type': 'application/json',
    'User-Agent': 'esc-webhooks',
    'Pulumi-Webhook-ID': id,
    'Pulumi-Webhook-Kind': kind,
    ...(secret === undefined
      ? {}
      : { 'Pulumi-Webhook-Signature': createHmac('sha256', secret).update(body).digest('hex') }),
  }
}

/** Headers that services ask for beside the credential. */
const formatHeaders: Readonly<Partial<Record<WebhookFormat, Readonly<Record<string, string>>>>> = {
  github: { Accept: 'application/vnd.github+json', 'X-GitHub-Api-Version': '2022-11-28' },
}

/** A receiver may send back the whole value, or the token after the scheme. */
function partsOfHeader(value: string): string[] {
  const token = value.slice(value.indexOf(' ') + 1)
  return token === value || token.length < 4 ? [value] : [value, token]
}

/** Parts of a secret URL that a receiver may send back. Its host is none: it is no secret. */
function partsOfUrl(text: string): string[] {
  const { host, pathname, search, searchParams } = new URL(text)
  const parts = [host + pathname + search, pathname, search, ...searchParams.values(), ...pathname.split('/').slice(1)]
  return parts.filter((part) => part.length > 3)
}

/** The beginning of an answer; a receiver may send back what it got, the URL among it. */
function beginningOf(text: string, hidden: readonly string[], isCut = false): string {
  return excerpt(text, { hidden, isCut, most: 1000 })
}

function placesOf({ store, files = machineFiles, processes = machineProcesses }: DeliveryHost) {
  return {
    announcements: new Announcements(store.state.folder, files, processes),
    outbox: new Outbox(store.state.folder, files),
  }
}

async function limited<T>(items: readonly T[], limit: number, act: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items]
  const workers = Array.from({ length: Math.min(limit, rest.length) }, async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await act(item)
  })
  await Promise.all(workers)
}
