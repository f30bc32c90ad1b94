import type { Author } from '../store/index.ts'
import { filterName, type WebhookEvent } from './event.ts'
import { fillTemplate } from './template.ts'
import type { Webhook, WebhookFormat } from './webhook.ts'

/** The longest error message that is passed on, in UTF-16 code units. */
const messageLength = 500

/** The body of a delivery. `organization`: the label of the store. */
export function payloadOf(
  event: WebhookEvent,
  { format, template }: Pick<Webhook, 'format' | 'template'>,
  organization: string,
): string {
  const raw = () => ({ ...(rawPayload(event, organization) as object), event: filterName(event) })
  if (template !== undefined) return fillTemplate(template, raw())
  switch (format) {
    case 'github':
    case 'gitlab':
    case 'pulumi_deployments':
      return JSON.stringify(startPayload(raw(), format))
    case 'raw':
      return JSON.stringify(rawPayload(event, organization))
    case 'slack':
      return JSON.stringify(slackPayload(event))
    case 'ms_teams':
      return JSON.stringify(teamsPayload(event))
  }
}

/** The body of a ping. */
export function pingPayload(
  { environment, user, at }: { readonly environment: string; readonly user: Author; readonly at: Date },
  { format, template }: Pick<Webhook, 'format' | 'template'>,
  organization: string,
): string {
  const text = `esc can reach this webhook of ${environment}.`
  const message = { message: text, timestamp: at.toISOString() }
  const ping = { ...addressing(user, organization, environment), action: 'ping', ...message }
  if (template !== undefined) return fillTemplate(template, { ...ping, event: 'ping' })
  if (format === 'slack') return JSON.stringify({ text: escapeSlack(text) })
  if (format === 'ms_teams') return JSON.stringify(adaptiveCard(text, []))
  return JSON.stringify(format === 'raw' ? ping : startPayload({ ...ping, event: 'ping' }, format))
}

/**
 * Returns the body that starts something elsewhere:
 * - github: https://docs.github.com/rest/repos/repos#create-a-repository-dispatch-event, which
 *   takes ten members of a payload;
 * - gitlab: https://docs.gitlab.com/ci/triggers, whose token and branch stand in the URL;
 * - pulumi_deployments: https://www.pulumi.com/docs/reference/cloud-rest-api/deployments: an update
 *   with the settings of the stack.
 */
function startPayload(
  event: { readonly [name: string]: unknown; readonly event: string },
  format: WebhookFormat,
): unknown {
  const { event: name, projectName, environmentName, revision } = event
  if (format === 'github') return { event_type: `esc_${name}`, client_payload: { event: name, payload: event } }
  if (format === 'pulumi_deployments') return { operation: 'update', inheritSettings: true }
  const variables = {
    ESC_EVENT: name,
    ESC_ENVIRONMENT: `${projectName}/${environmentName}`,
    ...(revision === undefined ? {} : { ESC_REVISION: String(revision) }),
    ESC_PAYLOAD: JSON.stringify(event),
  }
  return { variables }
}

function rawPayload(event: WebhookEvent, organization: string): unknown {
  const { kind, action, user, environment, revision, tagName, scheduleID, rotation, affectedRevisions, imported } =
    event
  const shared = addressing(user, organization, environment.name)
  if (kind === 'imported_environment_changed') {
    const importedEnvironmentReference = {
      ...partsOf(imported?.name ?? ''),
      ...defined({ revision: imported?.revision }),
    }
    return { ...shared, affectedRevisions, importedEnvironmentReference, timestamp: event.at }
  }
  return {
    ...shared,
    action,
    ...defined({ revision, tagName, scheduleID, rotation: shortened(rotation) }),
    timestamp: event.at,
  }
}

function addressing(user: Author, organization: string, environment: string) {
  return {
    user: { name: user.name, githubLogin: user.email ?? user.name, avatarUrl: '' },
    organization: { name: organization, githubLogin: organization, avatarUrl: '' },
    ...partsOf(environment),
  }
}

function partsOf(environment: string) {
  const [projectName = '', environmentName = ''] = environment.split('/')
  return { projectName, environmentName }
}

function shortened(rotation: WebhookEvent['rotation']): WebhookEvent['rotation'] {
  if (rotation === undefined) return undefined
  const cut = <T extends { readonly errorMessage?: string }>(part: T): T =>
    part.errorMessage === undefined ? part : { ...part, errorMessage: part.errorMessage.slice(0, messageLength) }
  return cut({ ...rotation, rotations: rotation.rotations.map(cut) })
}

/** https://api.slack.com/messaging/webhooks: the text, in which three characters have a meaning. */
function slackPayload(event: WebhookEvent): unknown {
  const [headline, ...details] = sentences(event).map(escapeSlack)
  return { text: [`*${headline}*`, ...details].join('\n') }
}

function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** An Adaptive Card, which workflows of Teams take. */
function teamsPayload(event: WebhookEvent): unknown {
  const [headline = '', ...details] = sentences(event)
  return adaptiveCard(headline, details)
}

function adaptiveCard(headline: string, details: readonly string[]): unknown {
  const line = (text: string, more: object = {}) => ({ type: 'TextBlock', text: plainText(text), wrap: true, ...more })
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [line(headline, { weight: 'bolder' }), ...details.map((text) => line(text))],
  }
  return { type: 'message', attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content }] }
}

/** A TextBlock reads Markdown: an error message of a vendor must not become a link. */
function plainText(text: string): string {
  return text.replace(/[\\`*_[\]()#~>|]/g, (char) => `\\${char}`)
}

/** For people: the first says what has happened. */
function sentences(event: WebhookEvent): string[] {
  const { environment, user, revision, rotation, imported } = event
  const failed = shortened(rotation)?.rotations.filter(({ status }) => status === 'failed') ?? []
  const succeeded = (rotation?.rotations ?? [])
    .filter(({ status }) => status === 'succeeded')
    .map((each) => each.environmentPath)
  return [
    headlineOf(event),
    ...(succeeded.length > 0 && failed.length > 0 ? [`rotated: ${succeeded.join(', ')}`] : []),
    ...failed.map(({ environmentPath, errorMessage }) => `${environmentPath}: ${errorMessage ?? 'failed'}`),
    ...(rotation?.errorMessage === undefined ? [] : [rotation.errorMessage.slice(0, messageLength)]),
    `environment ${environment.name}${revision === undefined ? '' : `, revision ${revision}`}${imported ? ` imports ${imported.name}` : ''}; by ${user.name}`,
  ]
}

function headlineOf({
  kind,
  action,
  environment: { name },
  revision,
  tagName,
  imported,
  ...event
}: WebhookEvent): string {
  switch (filterName({ kind, action })) {
    case 'environment_revision_created':
      return `${name}: revision ${revision} was saved (${event.change})`
    case 'environment_revision_retracted':
      return `${name}: revision ${revision} was retracted`
    case 'environment_rotation_succeeded':
      return `${name}: credentials were rotated`
    case 'environment_rotation_failed':
      return `${name}: rotation failed`
    case 'imported_environment_changed':
      return `${name} is affected by a change of ${imported?.name}`
  }
  const what = kind.replace('environment_', '').replace('_', ' ')
  return `${name}: ${what}${tagName === undefined ? '' : ` ${tagName}`} was ${action}`
}

function defined(fields: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
