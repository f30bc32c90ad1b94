import { type Delivery, refuseVersion, webhookDeliveries } from '../../../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../../../framework/command.ts'
import { openTarget } from '../../../../framework/session.ts'
import { ENVIRONMENT, UTC_FLAG } from '../../../../framework/shared-flags.ts'
import {
  cut,
  DELIVERY_COUNT_FLAG,
  EXPERIMENTAL,
  WEBHOOK_NAME,
  webhookName,
} from '../../../../framework/webhook-flags.ts'
import { deliveryJson, timeOf } from '../../../../framework/webhook-text.ts'
import { tableFor } from '../../../../terminal/index.ts'

const flags = { ...DELIVERY_COUNT_FLAG, ...UTC_FLAG, ...OUTPUT_FLAG }

export default class EnvWebhookDeliveryList extends EscCommand<readonly Delivery[], typeof flags> {
  static override id = 'env:webhook:delivery:list'
  static override summary = 'List the deliveries of a webhook.'
  static override description =
    `${EXPERIMENTAL}Lists deliveries that were sent or wait to be sent to a webhook, newest first: by this machine, or by any server of a
database. Response 0 means that there was no answer; --output json shows the reason.`
  static override examples = [
    { description: 'List deliveries', command: 'esc env webhook delivery list rotators/ci hook-1' },
    {
      description: 'With the reasons of those that failed',
      command: 'esc env webhook delivery list rotators/ci hook-1 --output json',
    },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = { ...ENVIRONMENT, ...WEBHOOK_NAME }
  static override count = { kind: 'exactly', count: 2 } as const

  async run(): Promise<readonly Delivery[]> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'list')
    const { result: deliveries } = await session.perform(webhookDeliveries, reference, webhookName(rest))
    return cut(deliveries, this.flags.count)
  }

  text(deliveries: readonly Delivery[]): string {
    const rows = deliveries.map((delivery) => {
      const { id, kind, timestamp, responseCode, duration } = deliveryJson(delivery)
      return [id, kind, timeOf(timestamp, this.flags.utc), responseCode, duration]
    })
    return tableFor(this.io, ['id', 'kind', 'timestamp', 'response', 'duration (ms)'], rows, { recorded: true })
  }

  override json(deliveries: readonly Delivery[]): unknown {
    return {
      deliveries: deliveries.map((delivery) => {
        const row = deliveryJson(delivery)
        return { ...row, timestamp: timeOf(row.timestamp, this.flags.utc) }
      }),
    }
  }
}
