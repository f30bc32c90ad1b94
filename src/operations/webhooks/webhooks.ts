import type { Plain } from '../../plain.ts'
import type { Environment } from '../../store/index.ts'
import {
  checkHeaders,
  checkUrl,
  encode,
  formats,
  headersAfter,
  keptDeliveries,
  needsKey,
  newName,
  readTemplate,
  secretsOf,
  type Webhook,
  type WebhookFormat,
  type WebhookHeaders,
  type WebhookSecrets,
  webhookNamed,
  webhooksOf,
  withSecrets,
} from '../../webhooks/index.ts'
import type { InputKit } from '../session/input-kit.ts'
import { operation } from '../session/operation.ts'
import { allowedFor } from './allowed-hosts.ts'
import { checkNames, type ListEdit, named, refuseWithoutCredential, urlFor } from './given-webhook.ts'

/** JSON, in which `${a.b}` stands for a member of the event. */
export interface WebhookTemplate {
  readonly body: Plain
}

const templateSchema = (z: InputKit) =>
  z.read((text): WebhookTemplate => ({ body: readTemplate(text) })).describe('JSON text of the body')

const listEditSchema = (z: InputKit) => {
  const names = z.array(z.string())
  return z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('replace'), values: names }),
    z.strictObject({ kind: z.literal('change'), added: names.default([]), removed: names.default([]) }),
  ])
}

export interface NewWebhook {
  readonly displayName: string
  /** An https URL; for the format of stacks also the name of one: organization/project/stack. */
  readonly url: string
  readonly format: WebhookFormat
  readonly events: readonly string[]
  readonly groups: readonly string[]
  readonly active: boolean
  readonly secret?: string
  readonly headers?: WebhookHeaders
  /** Stands for the body of the format. */
  readonly template?: WebhookTemplate
}

/** Fields to change; an `undefined` one stays. */
export interface WebhookEdit {
  readonly displayName?: string
  readonly url?: string
  readonly format?: WebhookFormat
  readonly events?: ListEdit
  readonly groups?: ListEdit
  readonly active?: boolean
  /** Null: there is none any more. */
  readonly secret?: string | null
  /** Headers to be added, or given another value. */
  readonly headers?: WebhookHeaders
  readonly removedHeaders?: readonly string[]
  /** Null: there is none any more. */
  readonly template?: WebhookTemplate | null
}

/**
 * Lists the webhooks of an environment. Needs write, as all that has to do with webhooks: their
 * URLs are not for everybody (spec, D.4).
 */
export const listWebhooks = operation({
  name: 'list-webhooks',
  level: 'write',
  audit: 'environment-read',
  changes: false,
  async run({ store, subject }): Promise<Webhook[]> {
    return webhooksOf(store.environment(subject.name).settings)
  },
})

/** Shows one webhook. Throws EscError `not_found`. */
export const getWebhook = operation({
  name: 'get-webhook',
  level: 'write',
  audit: 'environment-read',
  changes: false,
  input: (z) => z.string().describe('name of the webhook'),
  async run({ store, subject }, name: string): Promise<Webhook> {
    return webhookNamed(store.environment(subject.name).settings, name, subject.name)
  },
})

/**
 * Makes a webhook. Throws EscError `usage`, `unsupported`; what unlocking throws, where something
 * of it is to be kept secret.
 */
export const createWebhook = operation({
  name: 'create-webhook',
  level: 'write',
  audit: 'environment-webhook-created',
  input: (z) =>
    z.strictObject({
      displayName: z.string(),
      url: z.string(),
      format: z.enum(formats).default('raw'),
      events: z.array(z.string()).default([]),
      groups: z.array(z.string()).default([]),
      active: z.boolean().default(true),
      secret: z.string().optional(),
      headers: z.record(z.string(), z.string()).optional(),
      template: templateSchema(z).optional(),
    }),
  async run(
    work,
    { displayName, url: given, format, events, groups, active, secret, ...more }: NewWebhook,
  ): Promise<Webhook> {
    const environment = work.store.environment(work.subject.name)
    const url = urlFor(given, format)
    checkUrl(url, format, await allowedFor(work, url))
    checkNames(events, groups)
    const { headers = {} } = more
    checkHeaders(headers)
    const secrets = { url, ...(secret ? { secret } : {}), ...(Object.keys(headers).length > 0 && { headers }) }
    refuseWithoutCredential(format, secrets)
    const template = more.template === undefined ? {} : { template: JSON.stringify(more.template.body) }
    const key = needsKey(format, secrets) ? await environment.dataKey() : undefined
    const created = work.host.now().toISOString()
    let name = ''
    await environment.settingsWriter.change((settings) => {
      name = newName(settings)
      const webhook = withSecrets(
        { name, displayName, format, events, groups, active, created, ...template },
        secrets,
        key,
      )
      return { webhooks: { ...fieldsOf(settings.get('webhooks')), [name]: encode(webhook) } }
    })
    return webhookNamed(environment.settings, name, work.subject.name)
  },
})

/**
 * Changes a webhook. Throws EscError `not_found`, `usage`, `unsupported`; `tampered` for a secret
 * that was set for another URL.
 */
export const editWebhook = operation({
  name: 'edit-webhook',
  level: 'write',
  audit: 'environment-webhook-updated',
  input: (z) =>
    z.strictObject({
      name: z.string(),
      edit: z.strictObject({
        displayName: z.string().optional(),
        url: z.string().optional(),
        format: z.enum(formats).optional(),
        events: listEditSchema(z).optional(),
        groups: listEditSchema(z).optional(),
        active: z.boolean().optional(),
        secret: z.string().nullable().optional(),
        headers: z.record(z.string(), z.string()).optional(),
        removedHeaders: z.array(z.string()).optional(),
        template: templateSchema(z).nullable().optional(),
      }),
    }),
  async run(work, { name, edit }: { readonly name: string; readonly edit: WebhookEdit }): Promise<Webhook> {
    const environment = work.store.environment(work.subject.name)
    const before = webhookNamed(environment.settings, name, work.subject.name)
    const { format = before.format } = edit
    const secrets = await secretsAfter(environment, before, { ...edit, url: edit.url && urlFor(edit.url, format) })
    refuseWithoutCredential(format, secrets)
    checkUrl(secrets.url, format, await allowedFor(work, secrets.url))
    const key = needsKey(format, secrets) ? await environment.dataKey() : undefined
    const { displayName = before.displayName, active = before.active } = edit
    const events = listAfter(before.events, edit.events)
    const groups = listAfter(before.groups, edit.groups)
    checkNames(named(edit.events), named(edit.groups))
    const { template: formerTemplate, ...rest } = before
    const template =
      edit.template === undefined
        ? formerTemplate
        : edit.template === null
          ? undefined
          : JSON.stringify(edit.template.body)
    const fields = { ...rest, displayName, format, active, events, groups, ...(template !== undefined && { template }) }
    const webhook = withSecrets(fields, secrets, key)
    await environment.settingsWriter.change((settings) => {
      webhookNamed(settings, name, work.subject.name)
      return { webhooks: { ...fieldsOf(settings.get('webhooks')), [name]: encode(webhook) } }
    })
    return webhook
  },
})

/** Removes a webhook, with all that waits to be sent to it. Throws EscError `not_found`. */
export const removeWebhook = operation({
  name: 'remove-webhook',
  level: 'write',
  audit: 'environment-webhook-deleted',
  input: (z) => z.string().describe('name of the webhook'),
  async run(work, name: string): Promise<void> {
    const environment = work.store.environment(work.subject.name)
    await environment.settingsWriter.change((settings) => {
      webhookNamed(settings, name, work.subject.name)
      const { [name]: _, ...others } = fieldsOf(settings.get('webhooks'))
      return { webhooks: Object.keys(others).length === 0 ? undefined : others }
    })
    await keptDeliveries(work.store).forget(environment.id, name)
  },
})

async function secretsAfter(
  environment: Environment,
  before: Webhook,
  { url, secret, headers: set = {}, removedHeaders: removed = [] }: WebhookEdit,
) {
  const isOldNeeded = url === undefined || (secret === undefined && before.hasSecret) || before.headerNames.length > 0
  const key = isOldNeeded && before.sealed !== undefined ? await environment.unlock() : undefined
  const old: WebhookSecrets = isOldNeeded ? secretsOf(before, key) : { url: before.url }
  const after = secret === undefined ? old.secret : (secret ?? undefined)
  checkHeaders(set)
  const headers = headersAfter(old.headers ?? {}, { set, removed })
  return {
    url: url ?? old.url,
    secret: after,
    ...(Object.keys(headers).length > 0 && { headers }),
  }
}

function listAfter(before: readonly string[], edit: ListEdit | undefined): readonly string[] {
  if (edit === undefined) return before
  if (edit.kind === 'replace') return [...new Set(edit.values)]
  return [...new Set([...before.filter((each) => !edit.removed.includes(each)), ...edit.added])]
}

function fieldsOf(value: unknown): { [name: string]: ReturnType<typeof encode>[string] } {
  return value !== null && typeof value === 'object' ? { ...(value as ReturnType<typeof encode>) } : {}
}
