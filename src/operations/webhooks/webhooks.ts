import { randomBytes } from 'node:crypto'
import { EscError } from '../../errors.ts'
import { type Environment, Store } from '../../store/index.ts'
import { nearest } from '../../suggestion.ts'
import {
  type AllowedHosts,
  allowedHosts,
  checkUrl,
  type Delivered,
  type DeliverOptions,
  type Delivery,
  deliverDue,
  encode,
  filterNames,
  formats,
  groupNames,
  headersAfter,
  isAllowed,
  needsKey,
  newName,
  Outbox,
  pingPayload,
  postWebhook,
  readHeader,
  readTemplate,
  secretsOf,
  sendNow,
  shortNames,
  type Webhook,
  type WebhookFormat,
  type WebhookHeaders,
  type WebhookSecrets,
  webhookNamed,
  webhooksOf,
  withSecrets,
} from '../../webhooks/index.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { affectedImporters } from '../session/affected-importers.ts'
import { workspaceKeys } from '../session/open-workspace.ts'
import { permit } from '../session/permit.ts'
import type { Workspace } from '../session/workspace.ts'

export interface NewWebhook {
  readonly displayName: string
  readonly url: string
  readonly format: string
  readonly events: readonly string[]
  readonly groups: readonly string[]
  readonly active: boolean
  readonly secret?: string | undefined
  /** Each as `Name: value`. */
  readonly headers?: readonly string[]
  /** JSON text. */
  readonly template?: string | undefined
}

/** What is undefined stays. */
export interface WebhookEdit {
  readonly displayName?: string | undefined
  readonly url?: string | undefined
  readonly format?: string | undefined
  readonly events?: ListEdit | undefined
  readonly groups?: ListEdit | undefined
  readonly active?: boolean | undefined
  /** Null: there is none any more. */
  readonly secret?: string | null | undefined
  /** To be added, or given another value: each as `Name: value`. */
  readonly headers?: readonly string[]
  readonly removedHeaders?: readonly string[]
  /** Null: there is none any more. */
  readonly template?: string | null | undefined
}

/** All of a list anew; or what is there without some, and with others. */
export type ListEdit =
  | { readonly kind: 'replace'; readonly values: readonly string[] }
  | { readonly kind: 'change'; readonly added: readonly string[]; readonly removed: readonly string[] }

/**
 * Needs write, as all that has to do with webhooks: their URLs are not for everybody (spec, D.4).
 */
export async function listWebhooks(workspace: Workspace, reference: EnvironmentReference): Promise<Webhook[]> {
  await permit(workspace, reference.name, 'write', 'environment-read')
  return webhooksOf(workspace.store.environment(reference.name).settings)
}

/** @throws EscError `not_found`. */
export async function getWebhook(
  workspace: Workspace,
  reference: EnvironmentReference,
  name: string,
): Promise<Webhook> {
  await permit(workspace, reference.name, 'write', 'environment-read')
  return webhookNamed(workspace.store.environment(reference.name).settings, name, reference.name)
}

/**
 * @throws EscError `usage`, `unsupported`; what unlocking throws, where something of
 *   it is to be kept secret.
 */
export async function createWebhook(
  workspace: Workspace,
  reference: EnvironmentReference,
  { displayName, url: given, format: typed, events, groups, active, secret, ...more }: NewWebhook,
): Promise<Webhook> {
  await permit(workspace, reference.name, 'write', 'environment-webhook-created')
  const environment = workspace.store.environment(reference.name)
  const format = webhookFormat(typed)
  const url = urlFor(given, format)
  checkUrl(url, format, await allowedFor(workspace, url))
  checkNames(events, groups)
  const headers: WebhookHeaders = Object.fromEntries((more.headers ?? []).map(readHeader))
  const secrets = { url, ...(secret ? { secret } : {}), ...(Object.keys(headers).length > 0 && { headers }) }
  refuseWithoutCredential(format, secrets)
  const template = more.template === undefined ? {} : { template: readTemplate(more.template) }
  const key = needsKey(format, secrets) ? await environment.dataKey() : undefined
  const created = workspace.options.now().toISOString()
  let name = ''
  await environment.changeSettings((settings) => {
    name = newName(settings)
    const webhook = withSecrets(
      { name, displayName, format, events, groups, active, created, ...template },
      secrets,
      key,
    )
    return { webhooks: { ...fieldsOf(settings.get('webhooks')), [name]: encode(webhook) } }
  })
  return webhookNamed(environment.settings, name, reference.name)
}

/**
 * @throws EscError `not_found`, `usage`, `unsupported`; `tampered` for a secret that
 *   was set for another URL.
 */
export async function editWebhook(
  workspace: Workspace,
  reference: EnvironmentReference,
  name: string,
  edit: WebhookEdit,
): Promise<Webhook> {
  await permit(workspace, reference.name, 'write', 'environment-webhook-updated')
  const environment = workspace.store.environment(reference.name)
  const before = webhookNamed(environment.settings, name, reference.name)
  const format = edit.format === undefined ? before.format : webhookFormat(edit.format)
  const secrets = await secretsAfter(environment, before, { ...edit, url: edit.url && urlFor(edit.url, format) })
  refuseWithoutCredential(format, secrets)
  checkUrl(secrets.url, format, await allowedFor(workspace, secrets.url))
  const key = needsKey(format, secrets) ? await environment.dataKey() : undefined
  const { displayName = before.displayName, active = before.active } = edit
  const events = listAfter(before.events, edit.events)
  const groups = listAfter(before.groups, edit.groups)
  checkNames(named(edit.events), named(edit.groups))
  const { template: formerTemplate, ...rest } = before
  const template =
    edit.template === undefined ? formerTemplate : edit.template === null ? undefined : readTemplate(edit.template)
  const fields = { ...rest, displayName, format, active, events, groups, ...(template !== undefined && { template }) }
  const webhook = withSecrets(fields, secrets, key)
  await environment.changeSettings((settings) => {
    webhookNamed(settings, name, reference.name)
    return { webhooks: { ...fieldsOf(settings.get('webhooks')), [name]: encode(webhook) } }
  })
  return webhook
}

/** With all that waits to be sent to it. @throws EscError `not_found`. */
export async function removeWebhook(
  workspace: Workspace,
  reference: EnvironmentReference,
  name: string,
): Promise<void> {
  await permit(workspace, reference.name, 'write', 'environment-webhook-deleted')
  const environment = workspace.store.environment(reference.name)
  await environment.changeSettings((settings) => {
    webhookNamed(settings, name, reference.name)
    const { [name]: _, ...others } = fieldsOf(settings.get('webhooks'))
    return { webhooks: Object.keys(others).length === 0 ? undefined : others }
  })
  outboxOf(workspace).forget(environment.id, name)
}

/** Sends a test delivery now, whether the webhook is active or not. */
export async function pingWebhook(
  workspace: Workspace,
  reference: EnvironmentReference,
  name: string,
): Promise<Delivery> {
  await permit(workspace, reference.name, 'write', 'environment-webhook-delivered')
  const environment = workspace.store.environment(reference.name)
  const webhook = webhookNamed(environment.settings, name, reference.name)
  const at = workspace.options.now()
  const user = await workspace.author()
  const about = { environment: environment.name, user, at }
  const delivery: Delivery = {
    id: pingId(workspace),
    environment: { id: environment.id, name: environment.name },
    webhook: name,
    webhookCreated: webhook.created,
    kind: 'ping',
    created: at.toISOString(),
    body: pingPayload(about, webhook, workspace.store.organization),
    state: 'pending',
    attempts: [],
  }
  return sendNow(delivery, webhook, await deliveryWorld(workspace))
}

/** Newest first. */
export async function webhookDeliveries(
  workspace: Workspace,
  reference: EnvironmentReference,
  name: string,
): Promise<Delivery[]> {
  await permit(workspace, reference.name, 'write', 'environment-read')
  const environment = workspace.store.environment(reference.name)
  const webhook = webhookNamed(environment.settings, name, reference.name)
  return outboxOf(workspace).of(environment.id, webhook)
}

/**
 * Sends a delivery once more, now: the same body under the same id. @throws EscError `not_found`.
 */
export async function redeliver(
  workspace: Workspace,
  reference: EnvironmentReference,
  { name, id }: { readonly name: string; readonly id: string },
): Promise<Delivery> {
  await permit(workspace, reference.name, 'write', 'environment-webhook-delivered')
  const environment = workspace.store.environment(reference.name)
  const webhook = webhookNamed(environment.settings, name, reference.name)
  const delivery = outboxOf(workspace)
    .of(environment.id, webhook)
    .find((each) => each.id === id)
  if (delivery !== undefined) return sendNow(delivery, webhook, await deliveryWorld(workspace))
  throw new EscError('not_found', `webhook '${name}' of environment '${reference.name}' has no delivery '${id}'`, {
    hint: `\`esc env webhook delivery list ${reference.name} ${name}\` lists those that this machine knows`,
  })
}

/**
 * Sends what is due to the webhooks of the store; for the scheduler, and for a
 * process that nobody waits for.
 */
export async function deliverWebhooks(workspace: Workspace, options: DeliverOptions = {}): Promise<Delivered> {
  // Webhooks of environments that the user may not see are told of what he has done all the same;
  // he sees nothing of them.
  const store = Store.open(workspace.store.folder, { keys: workspaceKeys(() => workspace, workspace.options) })
  return deliverDue(await deliveryWorld({ ...workspace, store }), options)
}

/**
 * Of the private hosts that `esc.yaml` names, those that were allowed on this machine. Asks nobody.
 */
async function trustedHosts(workspace: Workspace): Promise<AllowedHosts> {
  const listed = allowedHosts(workspace.store)
  if (listed.length === 0) return []
  const { allowedPowers } = await import('../trust/powers.ts')
  const powers = await allowedPowers(workspace)
  return listed.filter((host) => powers.some(({ kind, value }) => kind === 'webhookHost' && value === host))
}

/**
 * The same, after a person has been asked about the host of a URL that they have just typed,
 * where `esc.yaml` names it.
 */
async function allowedFor(workspace: Workspace, typed: string): Promise<AllowedHosts> {
  const url = URL.canParse(typed) ? new URL(typed) : undefined
  const host = url && allowedHosts(workspace.store).find((each) => isAllowed(url, [each]))
  if (host !== undefined) {
    const { requirePowers } = await import('../trust/require-powers.ts')
    await requirePowers(workspace, [{ kind: 'webhookHost', value: host }])
  }
  return trustedHosts(workspace)
}

async function deliveryWorld(workspace: Workspace) {
  const { options, store } = workspace
  return {
    store,
    now: () => options.now().getTime(),
    random: Math.random,
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
    post: options.postWebhook ?? ((request) => postWebhook(request)),
    importers: (event) => affectedImporters(workspace, event),
    allowed: await trustedHosts(workspace),
  } satisfies Parameters<typeof deliverDue>[0]
}

function pingId({ options }: Workspace): string {
  return `dlv-${Buffer.from((options.random ?? randomBytes)(12)).toString('hex')}`
}

function outboxOf({ store }: Workspace): Outbox {
  return new Outbox(store.state.folder)
}

async function secretsAfter(
  environment: Environment,
  before: Webhook,
  { url, secret, headers: set = [], removedHeaders: removed = [] }: WebhookEdit,
) {
  const isOldNeeded = url === undefined || (secret === undefined && before.hasSecret) || before.headerNames.length > 0
  const key = isOldNeeded && before.sealed !== undefined ? await environment.unlock() : undefined
  const old: WebhookSecrets = isOldNeeded ? secretsOf(before, key) : { url: before.url }
  const after = secret === undefined ? old.secret : (secret ?? undefined)
  const headers = headersAfter(old.headers ?? {}, { set: Object.fromEntries(set.map(readHeader)), removed })
  return {
    url: url ?? old.url,
    ...(after === undefined ? {} : { secret: after }),
    ...(Object.keys(headers).length > 0 && { headers }),
  }
}

/** `org/project/stack` names a stack of Pulumi Cloud. */
function urlFor(typed: string, format: WebhookFormat): string {
  if (format !== 'pulumi_deployments' || /^[a-z]+:/i.test(typed)) return typed
  const parts = typed.split('/')
  if (parts.length === 3 && parts.every((part) => /^[\w.-]+$/.test(part))) {
    return `https://api.pulumi.com/api/stacks/${parts.join('/')}/deployments`
  }
  throw new EscError('usage', 'pulumi_deployments webhooks require a --url that names a stack', {
    hint: 'write organization/project/stack, or the https URL of its deployments',
  })
}

function refuseWithoutCredential(format: WebhookFormat, { url, headers = {} }: WebhookSecrets): void {
  const has = (name: string) => Object.keys(headers).some((each) => each.toLowerCase() === name)
  if (format === 'github' && !has('authorization')) {
    throw new EscError('usage', 'github webhooks require a token', {
      hint: "add --header 'Authorization: Bearer -' and the token on standard input; the URL is https://api.github.com/repos/OWNER/REPO/dispatches",
    })
  }
  if (format === 'pulumi_deployments' && !has('authorization')) {
    throw new EscError('usage', 'pulumi_deployments webhooks require an access token', {
      hint: "add --header 'Authorization: token -' and the token on standard input",
    })
  }
  if (format !== 'gitlab' || !URL.canParse(url)) return
  const { searchParams } = new URL(url)
  if (searchParams.has('token') && searchParams.has('ref')) return
  throw new EscError('usage', 'gitlab webhooks require a --url with the trigger token and the branch', {
    hint: 'it looks like https://gitlab.example.com/api/v4/projects/ID/trigger/pipeline?token=…&ref=main',
  })
}

function webhookFormat(typed: string): WebhookFormat {
  const known = formats.find((each) => each === typed)
  if (known !== undefined) return known
  throw new EscError('usage', `invalid --format ${JSON.stringify(typed)}: must be one of ${formats.join(', ')}`)
}

/** @throws EscError `usage`: a webhook for an event that never happens would be silent for ever. */
function checkNames(events: readonly string[], groups: readonly string[]): void {
  const known = [...filterNames, ...shortNames]
  refuseUnknown('event', events, known, `events are: ${filterNames.join(', ')}`)
  refuseUnknown('group', groups, groupNames, `groups are: ${groupNames.join(', ')}`)
}

function refuseUnknown(flag: string, values: readonly string[], known: readonly string[], all: string): void {
  const wrong = values.find((each) => !known.includes(each))
  if (wrong === undefined) return
  const similar = nearest(wrong, known)
  const ofOrganizations = wrong === 'environment_created' || wrong === 'environment_deleted'
  const hint = similar === undefined ? all : `did you mean ${similar}?`
  throw new EscError('usage', `invalid --${flag} ${JSON.stringify(wrong)}`, {
    hint: ofOrganizations ? 'only webhooks of an organization get it, and a store has none' : hint,
  })
}

function named(edit: ListEdit | undefined): readonly string[] {
  if (edit === undefined) return []
  return edit.kind === 'replace' ? edit.values : edit.added
}

function listAfter(before: readonly string[], edit: ListEdit | undefined): readonly string[] {
  if (edit === undefined) return before
  if (edit.kind === 'replace') return [...new Set(edit.values)]
  return [...new Set([...before.filter((each) => !edit.removed.includes(each)), ...edit.added])]
}

function fieldsOf(value: unknown): { [name: string]: ReturnType<typeof encode>[string] } {
  return value !== null && typeof value === 'object' ? { ...(value as ReturnType<typeof encode>) } : {}
}
