import { type Delivered, deliverWebhooks } from '../../../../operations/index.ts'
import { EscCommand, GLOBAL_FLAGS, OUTPUT_FLAG } from '../../../framework/command.ts'
import { duration } from '../../../framework/flags.ts'
import { openSession } from '../../../framework/session.ts'
import { EXPERIMENTAL } from '../../../framework/webhook-flags.ts'

const flags = {
  wait: duration({
    description: 'wait so long for deliveries that are to be tried again (default: 0s)',
    default: '0s',
  }),
  ...OUTPUT_FLAG,
}

export default class EnvWebhookDeliver extends EscCommand<Delivered, typeof flags> {
  static override id = 'env:webhook:deliver'
  static override summary = 'Send all webhook deliveries that are due.'
  static override description =
    `${EXPERIMENTAL}Sends all due deliveries of the store. Other commands start this in the background by themselves. Call it
where background processes are killed, such as at the end of a CI job.`
  static override examples = [
    { description: 'Send what is due', command: 'esc env webhook deliver' },
    {
      description: 'At the end of a CI job: give receivers a second chance',
      command: 'esc env webhook deliver --wait 30s',
    },
  ]
  static override baseFlags = GLOBAL_FLAGS
  static override flags = flags

  async run(): Promise<Delivered> {
    // What has to wait longer is not handed to yet another process.
    const session = openSession(this.io, this.flags, { deliver: undefined })
    const stop = new AbortController()
    const stopListening = this.io.onInterrupt(() => stop.abort())
    try {
      const input = { patienceMs: this.flags.wait * 1000 }
      return (await session.perform(deliverWebhooks, undefined, input, { signal: stop.signal })).result
    } finally {
      stopListening()
    }
  }

  text({ delivered, failed, waiting, next, busy }: Delivered): string {
    if (busy) return 'Another process is sending.'
    const when = next === undefined ? '' : ` (next at ${next.toISOString().slice(0, 19)}Z)`
    return `Delivered: ${delivered}, failed: ${failed}, waiting: ${waiting}${when}`
  }

  /** Returns the code of failure only for what failed: what waits is not lost. */
  override exitCode({ failed }: Delivered): number {
    return failed > 0 ? 1 : 0
  }
}
