import { refuseVersion, removeWebhook } from '../../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../../framework/command.ts'
import { openTarget } from '../../../framework/session.ts'
import { ENVIRONMENT } from '../../../framework/shared-flags.ts'
import { EXPERIMENTAL, WEBHOOK_NAME, webhookName } from '../../../framework/webhook-flags.ts'

interface Removed {
  /** Name of the webhook. */
  readonly removed: string
  /** The full name, with the label of the store. */
  readonly environment: string
}

export default class EnvWebhookRm extends EscCommand<Removed, typeof OUTPUT_FLAG> {
  static override id = 'env:webhook:rm'
  static override summary = 'Remove a webhook.'
  static override description = `${EXPERIMENTAL}Removes a webhook, its pending deliveries and its history.`
  static override examples = [{ description: 'Remove a webhook', command: 'esc env webhook rm rotators/ci hook-1' }]
  static override baseFlags = WRITE_FLAGS
  static override flags = OUTPUT_FLAG
  static override args = { ...ENVIRONMENT, ...WEBHOOK_NAME }
  static override count = { kind: 'exactly', count: 2 } as const

  async run(): Promise<Removed> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'rm')
    const name = webhookName(rest)
    await session.perform(removeWebhook, reference, name)
    return { removed: name, environment: session.fullName(reference) }
  }

  text({ removed, environment }: Removed): string {
    return `Removed webhook ${removed} from ${environment}`
  }
}
