import { EscError } from '../../../../errors.ts'
import { editWebhook, readTemplate, refuseVersion, webhookFormat } from '../../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../../framework/command.ts'
import { readText } from '../../../framework/definition-input.ts'
import { boolean, list, maybe, text } from '../../../framework/flags.ts'
import { openTarget } from '../../../framework/session.ts'
import { ENVIRONMENT } from '../../../framework/shared-flags.ts'
import {
  BODY_FLAGS,
  EXPERIMENTAL,
  FORMAT_DESCRIPTION,
  headersFrom,
  listEdit,
  SECRET_FLAG,
  secretOf,
  WEBHOOK_FLAGS,
  WEBHOOK_NAME,
  webhookName,
} from '../../../framework/webhook-flags.ts'

const changed = (description: string, value: string) => list({ description: `${description}; may be repeated`, value })

const flags = {
  ...WEBHOOK_FLAGS,
  'display-name': text({ description: 'another name for people', value: 'name' }),
  format: text({ description: FORMAT_DESCRIPTION, value: 'format' }),
  active: maybe(boolean({ description: 'whether it is sent anything' })),
  ...SECRET_FLAG,
  ...BODY_FLAGS,
  'remove-header': changed('a header to send no longer', 'name'),
  'remove-template': boolean({ description: 'send the body of the format again' }),
  'remove-secret': boolean({ description: 'sign no longer' }),
  'add-event': changed('an event to send as well', 'event'),
  'remove-event': changed('an event to send no longer', 'event'),
  'add-group': changed('a group of events to send as well', 'group'),
  'remove-group': changed('a group of events to send no longer', 'group'),
  ...OUTPUT_FLAG,
}

interface Updated {
  readonly name: string
  readonly environment: string
}

export default class EnvWebhookEdit extends EscCommand<Updated, typeof flags> {
  static override id = 'env:webhook:edit'
  static override summary = 'Change a webhook.'
  static override description =
    `${EXPERIMENTAL}Changes a webhook. Settings without a flag stay; --event and --group replace the whole list. To keep the secret when the URL
changes, the key of the environment is needed.`
  static override examples = [
    { description: 'Send nothing for a while', command: 'esc env webhook edit rotators/ci hook-1 --active=false' },
    {
      description: 'Send one more event',
      command: 'esc env webhook edit rotators/ci hook-1 --add-event environment_rotation_succeeded',
    },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = { ...ENVIRONMENT, ...WEBHOOK_NAME }
  static override count = { kind: 'exactly', count: 2 } as const

  async run(): Promise<Updated> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'edit')
    const name = webhookName(rest)
    const { url, format: typed, active, 'display-name': displayName, 'remove-secret': removeSecret } = this.flags
    if (displayName === '') throw new EscError('usage', 'webhook display name cannot be empty')
    if (this.flags.secret !== undefined && removeSecret) {
      throw new EscError('usage', '--secret cannot be combined with --remove-secret')
    }
    const { event, 'add-event': addEvent, 'remove-event': removeEvent } = this.flags
    const { group, 'add-group': addGroup, 'remove-group': removeGroup } = this.flags
    const events = listEdit('event', { all: event, added: addEvent, removed: removeEvent })
    const groups = listEdit('group', { all: group, added: addGroup, removed: removeGroup })
    const secret = removeSecret ? null : (await secretOf(this.flags.secret, this.io)) || undefined
    const { header, 'remove-header': removedHeaders, template: file, 'remove-template': removeTemplate } = this.flags
    if (file !== undefined && removeTemplate) {
      throw new EscError('usage', '--template cannot be combined with --remove-template')
    }
    const headers = await headersFrom(header, this.io)
    const words = { file: 'could not read template', stdin: 'could not read from stdin' }
    const template = removeTemplate
      ? null
      : file === undefined
        ? undefined
        : { body: readTemplate(await readText(this.io, file, words)) }
    const format = typed === undefined ? undefined : webhookFormat(typed)
    const sent = { secret, headers, removedHeaders, template }
    const edit = { url, displayName, format, active, events, groups, ...sent }
    await session.perform(editWebhook, reference, { name, edit })
    return { name, environment: session.fullName(reference) }
  }

  text({ name, environment }: Updated): string {
    return `Updated webhook ${name} for ${environment}`
  }
}
