import { tagRevision } from '../../../../operations/index.ts'
import { EscCommand, WRITE_FLAGS } from '../../../framework/command.ts'
import { openTarget } from '../../../framework/session.ts'
import { UTC_FLAG } from '../../../framework/shared-flags.ts'

const flags = { ...UTC_FLAG }

export default class EnvVersionTag extends EscCommand<void, typeof flags> {
  static override id = 'env:version:tag'
  static override summary = 'Manage tagged versions.'
  static override description =
    `Gives a revision a name, or moves the name to it. The name can then be used wherever a revision number can: in open, run, get, and
in the imports of other environments. Without a version, the newest revision gets it.`
  static override examples = [
    { description: 'Tag the newest revision', command: 'esc env version tag rotators/ci@stable' },
    { description: 'Tag revision 2', command: 'esc env version tag rotators/ci@before @2' },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = {
    environment: { description: 'the environment, with @ and the tag', required: true },
    version: { description: 'a revision number or another tag, with or without @ (default: the newest revision)' },
  }
  static override count = { kind: 'between', least: 1, most: 2 } as const

  async run(): Promise<void> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    await session.perform(tagRevision, reference, rest[0])
  }

  text(): undefined {}
}
