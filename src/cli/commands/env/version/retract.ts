import { retractRevision } from '../../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../../framework/command.ts'
import { text } from '../../../framework/flags.ts'
import { openTarget } from '../../../framework/session.ts'
import { VERSIONED } from '../../../framework/shared-flags.ts'

const flags = {
  'replace-with': text({
    description: 'the revision to use instead (default: the newest earlier one that is not retracted)',
    value: 'version',
  }),
  reason: text({ description: 'why, for the history', value: 'text' }),
  ...OUTPUT_FLAG,
}

interface Result {
  readonly environment: string
  /** The version, as it was named. */
  readonly retracted: string
}

export default class EnvVersionRetract extends EscCommand<Result, typeof flags> {
  static override id = 'env:version:retract'
  static override summary = 'Retract a revision, so that nobody can open it any more.'
  static override description =
    `Takes a revision out of use: nobody can open it any more, and its tags move to the replacement. The file stays, and the history shows
who retracted it and why. To retract the newest revision, save another one or roll back first.`
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

  async run(): Promise<Result> {
    const { session, reference } = openTarget(this.io, this.flags, this.positionals)
    const { 'replace-with': typed, reason } = this.flags
    // A bare number or tag can only mean a version: there is nothing else to replace a revision by.
    const text = typed === undefined || /[/@:]/.test(typed) ? typed : `@${typed}`
    const replacement = text === undefined ? {} : { replacement: session.reference(text, reference) }
    await session.perform(retractRevision, reference, { ...replacement, reason })
    return { environment: reference.name, retracted: reference.version ?? '' }
  }

  text(): undefined {}
}
