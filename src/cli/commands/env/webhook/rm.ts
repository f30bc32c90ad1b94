import { refuseVersion, removeWebhook } from '../../../../operations/index.ts'
import { EscCommand, WRITE_FLAGS } from '../../../framework/command.ts'
import { openTarget } from '../../../framework/session.ts'
import { ENVIRONMENT } from '../../../framework/shared-flags.ts'
import { EXPERIMENTAL, WEBHOOK_NAME, webhookName } from '../../../framework/webhook-flags.ts'

export default class EnvWebhookRm extends EscCommand<string> {
  static override id = 'env:webhook:rm'
  static override summary = 'Remove a webhook.'
  static override description = `${EXPERIMENTAL}Removes a webhook, its pending deliveries and its history.`
  static override examples = [{ description: 'Remove a webhook', command: 'esc env webhook rm rotators/ci hook-1' }]
  static override baseFlags = WRITE_FLAGS
  static override args = { ...ENVIRONMENT, ...WEBHOOK_NAME }
  static override count = { kind: 'exactly', count: 2 } as const

  async run(): Promise<string> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'rm')
    const name = webhookName(rest)
    await session.perform(removeWebhook, reference, name)
    return `Removed webhook ${name} from ${session.fullName(reference)}`
  }

  text(sentence: string): string {
    return sentence
  }
}
