import { describeVersion, type VersionSummary } from '../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { revisionBlock, revisionJson } from '../../framework/revision-text.ts'
import { openTarget } from '../../framework/session.ts'
import { UTC_FLAG, VERSIONED } from '../../framework/shared-flags.ts'
import { revisionTagBlock, revisionTagJson } from '../../framework/tag-text.ts'

const flags = { ...UTC_FLAG, ...OUTPUT_FLAG }

export default class EnvVersion extends EscCommand<VersionSummary, typeof flags> {
  static override id = 'env:version'
  static override summary = 'Show one revision of an environment.'
  static override description =
    `Shows one revision by its number, or a revision tag and the revision that it names. The commands below list, tag, retract and restore
revisions.`
  static override examples = [
    { description: 'Who made revision 2, and when', command: 'esc env version rotators/ci@2' },
    { description: 'Which revision a tag names', command: 'esc env version rotators/ci@latest --utc' },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = VERSIONED
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<VersionSummary> {
    const { session, reference } = openTarget(this.io, this.flags, this.positionals)
    return (await session.perform(describeVersion, reference)).result
  }

  text(version: VersionSummary): string {
    const { utc } = this.flags
    return version.kind === 'tag' ? revisionTagBlock(version.tag, utc) : revisionBlock(version.revision, { utc })
  }

  override json(version: VersionSummary): unknown {
    return version.kind === 'tag' ? { tag: revisionTagJson(version.tag) } : { revision: revisionJson(version.revision) }
  }
}
