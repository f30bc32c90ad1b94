import { EscError } from '../errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../json.ts'
import type { DataKey } from '../keys/index.ts'
import { input, rich, step } from '../rich-text.ts'
import { decryptValue, encryptValue, type Settings } from '../store/index.ts'
import type { WebhookHeaders } from './headers.ts'
import { isSecretUrl, shownUrl } from './url.ts'

export const formats = ['raw', 'slack', 'ms_teams', 'github', 'gitlab', 'pulumi_deployments'] as const
export type WebhookFormat = (typeof formats)[number]

/** A webhook as `settings.yaml` of its environment says (`webhooks`, by name). */
export interface Webhook {
  readonly name: string
  readonly displayName: string
  /** As it may be shown: of one that lets whoever knows it write somewhere, only the beginning. */
  readonly url: string
  readonly format: WebhookFormat
  readonly active: boolean
  readonly events: readonly string[]
  readonly groups: readonly string[]
  readonly hasSecret: boolean
  /** Names of headers of its own; their values are sealed. */
  readonly headerNames: readonly string[]
  /** JSON text that stands for the body of the format. */
  readonly template?: string
  /** RFC 3339. Tells it from an earlier one of the same name. */
  readonly created: string
  /**
   * The whole URL, the secret and the headers, encrypted under the environment's data key.
   * Undefined: there is nothing to hide.
   */
  readonly sealed?: string
}

/** The parts that only the holder of the data key knows. */
export interface WebhookSecrets {
  readonly url: string
  readonly secret?: string
  readonly headers?: WebhookHeaders
}

/**
 * By name. Those that cannot be read are left out: they stand in a file that people edit and merge.
 */
export function webhooksOf(settings: Settings): Webhook[] {
  const all = settings.get('webhooks')
  if (!isJsonObject(all)) return []
  return Object.entries(all)
    .flatMap(([name, fields]) => {
      const webhook = decode(name, fields)
      return webhook === undefined ? [] : [webhook]
    })
    .sort((a, b) => compareNames(a.name, b.name))
}

/** @throws EscError `not_found`. */
export function webhookNamed(settings: Settings, name: string, environment: string): Webhook {
  const all = webhooksOf(settings)
  const found = all.find((webhook) => webhook.name === name)
  if (found !== undefined) return found
  throw new EscError('not_found', `environment '${environment}' has no webhook '${name}'`, {
    hint:
      all.length === 0
        ? rich`${step('make one', { do: 'create-webhook', environment })}`
        : `it has ${all.map((webhook) => webhook.name).join(', ')}`,
  })
}

/** The next free `hook-N`. */
export function newName(settings: Settings): string {
  const all = settings.get('webhooks')
  const numbers = isJsonObject(all)
    ? Object.keys(all).map((name) => Number(/^hook-(\d{1,9})$/.exec(name)?.[1] ?? 0))
    : []
  return `hook-${Math.max(0, ...numbers) + 1}`
}

/** True when a webhook has anything to keep encrypted, and so needs the data key. */
export function needsKey(format: WebhookFormat, { url, secret, headers = {} }: WebhookSecrets): boolean {
  return secret !== undefined || Object.keys(headers).length > 0 || isSecretUrl(url, format)
}

/**
 * Completes a webhook with its secrets, in place of those it may have. `key` may be missing
 * where `needsKey` says so.
 */
export function withSecrets(
  webhook: Omit<Webhook, 'url' | 'hasSecret' | 'headerNames' | 'sealed'>,
  secrets: WebhookSecrets,
  key: DataKey | undefined,
): Webhook {
  const url = shownUrl(secrets.url, webhook.format)
  const { sealed: _, ...rest } = webhook as Webhook
  const plain = {
    ...rest,
    url,
    hasSecret: secrets.secret !== undefined,
    headerNames: Object.keys(secrets.headers ?? {}),
  }
  if (!needsKey(webhook.format, secrets)) return plain
  if (key === undefined) throw new Error('a webhook with a secret needs the data key')
  return { ...plain, sealed: encryptValue(key, secretsPath(webhook.name), JSON.stringify(secrets)) }
}

/**
 * The whole URL, and the secret. What is encrypted is bound to the environment and the name,
 * and holds the URL: whoever can only edit `settings.yaml` cannot have what is signed with
 * the secret sent elsewhere.
 * @throws EscError `tampered`.
 */
export function secretsOf(webhook: Webhook, key: DataKey | undefined): WebhookSecrets {
  if (webhook.sealed === undefined) return { url: webhook.url }
  if (key === undefined) throw new Error('a webhook with a secret needs the data key')
  const secrets = JSON.parse(decryptValue(key, secretsPath(webhook.name), webhook.sealed)) as WebhookSecrets
  if (shownUrl(secrets.url, webhook.format) === webhook.url) return secrets
  throw new EscError('tampered', `the URL of webhook '${webhook.name}' is not the one that its secret was set for`, {
    hint: rich`${step('set both', { do: 'edit-webhook' })}: ${input('url')} and ${input('secret')}`,
  })
}

/** As it is written. */
export function encode(webhook: Webhook): JsonObject {
  const { displayName, url, format, active, events, groups, created, sealed, hasSecret, headerNames, template } =
    webhook
  return {
    displayName,
    url,
    format,
    active,
    ...(events.length === 0 ? {} : { events }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(template === undefined ? {} : { template }),
    ...(headerNames.length === 0 ? {} : { headers: headerNames }),
    created,
    ...(sealed === undefined ? {} : { sealed, hasSecret }),
  }
}

function decode(name: string, fields: Json | undefined): Webhook | undefined {
  if (!isJsonObject(fields) || typeof fields.url !== 'string') return undefined
  const format = formats.find((each) => each === (fields.format ?? 'raw'))
  if (format === undefined || !isWebhookName(name)) return undefined
  const { displayName, active, created, sealed } = fields
  return {
    name,
    displayName: typeof displayName === 'string' ? displayName : name,
    url: fields.url,
    format,
    active: String(active ?? true) !== 'false',
    events: textsOf(fields.events),
    groups: textsOf(fields.groups),
    hasSecret: sealed !== undefined && String(fields.hasSecret) === 'true',
    headerNames: sealed === undefined ? [] : textsOf(fields.headers),
    ...(typeof fields.template === 'string' && isJson(fields.template) ? { template: fields.template } : {}),
    created: typeof created === 'string' ? created : '',
    ...(typeof sealed === 'string' ? { sealed } : {}),
  }
}

/** At most 32 of these (`providers.md`, D.6): names are parts of paths. */
function isWebhookName(name: string): boolean {
  return /^[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,31}$/.test(name)
}

/** It stands in a file that people edit. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}

function secretsPath(name: string): readonly string[] {
  return ['webhooks', name, 'sealed']
}

function compareNames(a: string, b: string): number {
  const [left, right] = [a, b].map((name) => Number(/^hook-(\d+)$/.exec(name)?.[1] ?? Number.POSITIVE_INFINITY))
  return left !== right ? (left as number) - (right as number) : a < b ? -1 : 1
}
