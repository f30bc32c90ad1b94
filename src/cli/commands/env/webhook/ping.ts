import { type Delivery, pingWebhook, refuseVersion } from '../../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../../framework/command.ts'
import { openTarget } from '../../../framework/session.ts'
import { ENVIRONMENT } from '../../../framework/shared-flags.ts'
import { EXPERIMENTAL, WEBHOOK_NAME, webhookName } from '../../../framework/webhook-flags.ts'
import { deliveryJson, reportUndelivered, sentBlock } from '../../../framework/webhook-text.ts'

export default class EnvWebhookPing extends EscCommand<Delivery, typeof OUTPUT_FLAG> {
  static override id = 'env:webhook:ping'
  static override summary = 'Send a test delivery to a webhook.'
  static override description =
    `${EXPERIMENTAL}Sends a test delivery at once, even to an inactive webhook, and shows the response. The exit code is 1 if there was no
response, or an error.`
  static override examples = [{ description: 'Try a webhook', command: 'esc env webhook ping rotators/ci hook-1' }]
  static override baseFlags = ENV_FLAGS
  static override flags = OUTPUT_FLAG
  static override args = { ...ENVIRONMENT, ...WEBHOOK_NAME }
  static override count = { kind: 'exactly', count: 2 } as const

  async run(): Promise<Delivery> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'ping')
    return (await session.perform(pingWebhook, reference, webhookName(rest))).result
  }

  text(delivery: Delivery): string {
    return sentBlock(delivery)
  }

  override json(delivery: Delivery): unknown {
    return deliveryJson(delivery)
  }

  override exitCode(delivery: Delivery): number {
    return reportUndelivered(delivery, this.io)
  }
}
