import { getWebhook, refuseVersion, type Webhook } from '../../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../../framework/command.ts'
import { openTarget } from '../../../framework/session.ts'
import { ENVIRONMENT } from '../../../framework/shared-flags.ts'
import { EXPERIMENTAL, WEBHOOK_NAME, webhookName } from '../../../framework/webhook-flags.ts'
import { webhookBlock, webhookJson } from '../../../framework/webhook-text.ts'

export default class EnvWebhookGet extends EscCommand<Webhook, typeof OUTPUT_FLAG> {
  static override id = 'env:webhook:get'
  static override summary = 'Show a webhook.'
  static override description =
    `${EXPERIMENTAL}Shows one webhook of an environment: URL, events, format, and whether deliveries are signed.`
  static override examples = [{ description: 'Show a webhook', command: 'esc env webhook get rotators/ci hook-1' }]
  static override baseFlags = ENV_FLAGS
  static override flags = OUTPUT_FLAG
  static override args = { ...ENVIRONMENT, ...WEBHOOK_NAME }
  static override count = { kind: 'exactly', count: 2 } as const

  async run(): Promise<Webhook> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'get')
    return (await session.perform(getWebhook, reference, webhookName(rest))).result
  }

  text(webhook: Webhook): string {
    return webhookBlock(webhook)
  }

  override json(webhook: Webhook): unknown {
    return webhookJson(webhook)
  }
}
