import { type Delivery, redeliver, refuseVersion } from '../../../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../../../framework/command.ts'
import { openTarget } from '../../../../framework/session.ts'
import { ENVIRONMENT } from '../../../../framework/shared-flags.ts'
import { EXPERIMENTAL, WEBHOOK_NAME, webhookName } from '../../../../framework/webhook-flags.ts'
import { deliveryJson, reportUndelivered, sentBlock } from '../../../../framework/webhook-text.ts'

export default class EnvWebhookDeliveryRedeliver extends EscCommand<Delivery, typeof OUTPUT_FLAG> {
  static override id = 'env:webhook:delivery:redeliver'
  static override summary = 'Send a webhook delivery again.'
  static override description =
    `${EXPERIMENTAL}Sends a delivery again at once: the same body and id, signed with the current secret. The exit code is 1 if it was not
delivered.`
  static override examples = [
    {
      description: 'Send one again that failed',
      command: 'esc env webhook delivery redeliver rotators/ci hook-1 dlv-2a2a2a2a2a2a2a2a2a2a2a2a',
    },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = OUTPUT_FLAG
  static override args = {
    ...ENVIRONMENT,
    ...WEBHOOK_NAME,
    id: { description: 'id of the delivery, as `delivery list` shows it', required: true },
  }
  static override count = { kind: 'exactly', count: 3 } as const

  async run(): Promise<Delivery> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'redeliver')
    const which = { name: webhookName(rest), id: rest[1] ?? '' }
    return (await session.perform(redeliver, reference, which)).result
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
