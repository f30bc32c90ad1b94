import { EscError } from '../../../../errors.ts'
import { createWebhook, readTemplate, refuseVersion, webhookFormat } from '../../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../../framework/command.ts'
import { readText } from '../../../framework/definition-input.ts'
import { boolean, maybe, text } from '../../../framework/flags.ts'
import { openTarget } from '../../../framework/session.ts'
import { ENVIRONMENT } from '../../../framework/shared-flags.ts'
import {
  BODY_FLAGS,
  EXPERIMENTAL,
  FORMAT_DESCRIPTION,
  headersFrom,
  SECRET_FLAG,
  secretOf,
  WEBHOOK_FLAGS,
} from '../../../framework/webhook-flags.ts'

const flags = {
  ...WEBHOOK_FLAGS,
  format: text({ description: `${FORMAT_DESCRIPTION} (default: raw)`, value: 'format' }),
  active: maybe(boolean({ description: 'whether it is sent anything (default: true)' })),
  ...SECRET_FLAG,
  ...BODY_FLAGS,
  ...OUTPUT_FLAG,
}

interface Created {
  readonly name: string
  /** The full name, with the label of the store. */
  readonly environment: string
}

export default class EnvWebhookNew extends EscCommand<Created, typeof flags> {
  static override id = 'env:webhook:new'
  static override summary = 'Create a webhook for an environment.'
  static override description =
    `${EXPERIMENTAL}Creates a webhook: an HTTPS address that is notified of events of an environment, such as a failed rotation. Deliveries
hold no secrets. With --secret they are signed; that secret is stored encrypted. See docs/webhooks.md.`
  static override examples = [
    {
      description: 'Tell a service about rotations that failed',
      command:
        'esc env webhook new rotators/ci on-call --url https://example.com/hook --event environment_rotation_failed',
    },
    {
      description: 'Sign what is sent, with a secret from standard input',
      command: 'esc env webhook new rotators/ci audit --url https://example.com/audit --secret - <webhook.secret',
    },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = {
    ...ENVIRONMENT,
    displayName: { description: 'name of the webhook, for people', required: true },
  }
  static override count = { kind: 'exactly', count: 2 } as const

  async run(): Promise<Created> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'new')
    const displayName = rest[0] ?? ''
    if (displayName === '') throw new EscError('usage', 'webhook display name cannot be empty')
    const { url, format: typed = 'raw', event, group, active = true, secret } = this.flags
    if (url === undefined) throw new EscError('usage', '--url is required')
    const format = webhookFormat(typed)
    const webhook = { displayName, url, format, events: event, groups: group, active }
    const { header, template: file } = this.flags
    const headers = await headersFrom(header, this.io)
    const words = { file: 'could not read template', stdin: 'could not read from stdin' }
    const template = file === undefined ? undefined : { body: readTemplate(await readText(this.io, file, words)) }
    const all = { ...webhook, secret: await secretOf(secret, this.io), headers, template }
    const { name } = (await session.perform(createWebhook, reference, all)).result
    return { name, environment: session.fullName(reference) }
  }

  text({ name, environment }: Created): string {
    return `Created webhook "${name}" for ${environment}; use this name to reference the webhook in other commands.`
  }
}
