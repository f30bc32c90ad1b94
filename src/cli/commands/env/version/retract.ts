import { retractRevision } from '../../../../operations/index.ts'
import { EscCommand, WRITE_FLAGS } from '../../../framework/command.ts'
import { text } from '../../../framework/flags.ts'
import { openTarget } from '../../../framework/session.ts'
import { VERSIONED } from '../../../framework/shared-flags.ts'

const flags = {
  'replace-with': text({
    description: 'the revision to use instead (default: the newest earlier one that is not retracted)',
    value: 'version',
  }),
  reason: text({ description: 'why, for the history', value: 'text' }),
}

export default class EnvVersionRetract extends EscCommand<void, typeof flags> {
  static override id = 'env:version:retract'
  static override summary = 'Retract a revision of an environment.'
  static override description =
    `Takes a revision out of use: it can no longer be opened, and tags on it move to its replacement. Its file stays, and history shows
who retracted it and why. The newest revision cannot be retracted: save or roll back to another one first.`
  static override examples = [
    {
      description: 'Retract revision 2',
      command: 'esc env version retract rotators/ci@2 --reason "leaked in a log"',
    },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = VERSIONED
  static override count = { kind: 'between', least: 1, most: 2 } as const

  async run(): Promise<void> {
    const { session, reference } = openTarget(this.io, this.flags, this.positionals)
    const { 'replace-with': typed, reason } = this.flags
    // A bare number or tag can only mean a version: there is nothing else to replace a revision by.
    const text = typed === undefined || /[/@:]/.test(typed) ? typed : `@${typed}`
    const replacement = text === undefined ? {} : { replacement: session.reference(text, reference) }
    await session.perform(retractRevision, reference, { ...replacement, reason })
  }

  text(): undefined {}
}
