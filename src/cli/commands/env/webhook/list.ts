import { listWebhooks, refuseVersion, type Webhook } from '../../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../../framework/command.ts'
import { openTarget } from '../../../framework/session.ts'
import { ENVIRONMENT } from '../../../framework/shared-flags.ts'
import { cut, DELIVERY_COUNT_FLAG, EXPERIMENTAL } from '../../../framework/webhook-flags.ts'
import { webhookSummary } from '../../../framework/webhook-text.ts'
import { tableFor } from '../../../terminal/index.ts'

const flags = { ...DELIVERY_COUNT_FLAG, ...OUTPUT_FLAG }

export default class EnvWebhookList extends EscCommand<readonly Webhook[], typeof flags> {
  static override id = 'env:webhook:list'
  static override summary = 'List the webhooks of an environment.'
  static override description =
    `${EXPERIMENTAL}Lists the webhooks of an environment. If a URL is a credential itself, only its host is shown.`
  static override examples = [{ description: 'List the webhooks', command: 'esc env webhook list rotators/ci' }]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = ENVIRONMENT
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<readonly Webhook[]> {
    const { session, reference } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'list')
    return cut((await session.perform(listWebhooks, reference)).result, this.flags.count)
  }

  text(webhooks: readonly Webhook[]): string {
    return tableFor(
      this.io,
      ['name', 'display name', 'url', 'active', 'format'],
      webhooks.map(({ name, displayName, url, active, format }) => [name, displayName, url, String(active), format]),
      { recorded: true },
    )
  }

  override json(webhooks: readonly Webhook[]): unknown {
    return { webhooks: webhooks.map(webhookSummary) }
  }
}
