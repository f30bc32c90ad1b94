import { refuseVersion, revisionTags, type TagSummary } from '../../../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../../../framework/command.ts'
import { formatTime, person } from '../../../../framework/revision-text.ts'
import { openTarget } from '../../../../framework/session.ts'
import { ENVIRONMENT, PAGER_FLAG, UTC_FLAG } from '../../../../framework/shared-flags.ts'
import { revisionTagJson } from '../../../../framework/tag-text.ts'
import { pageOrWrite, tableFor } from '../../../../terminal/index.ts'

const flags = { ...PAGER_FLAG, ...UTC_FLAG, ...OUTPUT_FLAG }

export default class EnvVersionTagLs extends EscCommand<readonly TagSummary[], typeof flags> {
  static override id = 'env:version:tag:ls'
  static override summary = 'List the revision tags of an environment.'
  static override description =
    'Lists the revision tags of an environment and their revisions. The tag `latest` always exists: it is the newest revision.'
  static override examples = [
    { description: 'List the tags', command: 'esc env version tag ls rotators/ci' },
    { description: 'For a script', command: 'esc env version tag ls rotators/ci --output json' },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = ENVIRONMENT
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<readonly TagSummary[]> {
    const { session, reference } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'ls')
    const tags = (await session.perform(revisionTags, reference)).result
    if (this.flags.output === 'text') {
      const shown = tableFor(this.io, ['name', 'revision', 'modified', 'editor'], tags.map(this.#row), {
        recorded: true,
      })
      await pageOrWrite(this.io, shown, this.flags.pager)
    }
    return tags
  }

  #row = ({ name, revision, modified, editor }: TagSummary) => [
    name,
    revision,
    modified === undefined ? '<unknown>' : formatTime(modified, this.flags.utc),
    person(editor),
  ]

  /** Shown by the pager already. */
  text(): undefined {}

  override json(tags: readonly TagSummary[]): unknown {
    return { tags: tags.map(revisionTagJson) }
  }
}
