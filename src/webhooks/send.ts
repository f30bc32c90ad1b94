import { createHmac } from 'node:crypto'
import { messageOf } from '../errors.ts'
import { excerpt } from '../http/index.ts'
import type { Store } from '../store/index.ts'
import type { Attempt, Delivery } from './outbox.ts'
import type { PostWebhook, WebhookAnswer } from './post.ts'
import { verdictOn } from './retry.ts'
import { type AllowedHosts, checkUrl, isAllowed } from './url.ts'
import { secretsOf, type Webhook, type WebhookFormat, webhooksOf } from './webhook.ts'

/** Everything that one attempt to send a delivery needs. */
export interface SendHost {
  readonly store: Store
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly post: PostWebhook
  /** Private hosts that may be reached: those of `esc.yaml` that were allowed on this machine. */
  readonly allowed: AllowedHosts
}

/** One attempt, and what was answered. No attempt: nobody is to be told any more. */
export interface Sent {
  readonly answer: WebhookAnswer
  readonly attempt?: Attempt
}

/** For each attempt, in milliseconds. */
const timeoutMs = 10_000

/**
 * Hosts that the store's `esc.yaml` asks to reach although they are private. Only what was
 * allowed on this machine counts.
 */
export function allowedHosts(store: Store): AllowedHosts {
  const webhooks = store.configuration.get('webhooks') as { readonly allow?: unknown } | null | undefined
  const allow = webhooks?.allow
  return Array.isArray(allow) ? allow.filter((each) => typeof each === 'string') : []
}

/** Sends a delivery, unless its webhook was removed or made inactive since. */
export async function sendIfWanted(delivery: Delivery, host: SendHost): Promise<Sent> {
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
  return sendDelivery(delivery, webhook, host)
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

/** Sends a delivery to a webhook, whatever its state. */
export async function sendDelivery(delivery: Delivery, webhook: Webhook, host: SendHost): Promise<Required<Sent>> {
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
