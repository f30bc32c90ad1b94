import { tagRevision } from '../../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../../framework/command.ts'
import { openTarget } from '../../../framework/session.ts'
import { UTC_FLAG } from '../../../framework/shared-flags.ts'

const flags = { ...UTC_FLAG, ...OUTPUT_FLAG }

interface Result {
  readonly environment: string
  readonly tag: string
}

export default class EnvVersionTag extends EscCommand<Result, typeof flags> {
  static override id = 'env:version:tag'
  static override summary = 'Tag a revision with a name.'
  static override description =
    `Tags a revision with a name, or moves the tag to it. You can use the tag wherever a revision number is allowed: in open, run, get, and
in imports. Without a version, tags the newest revision.`
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

  async run(): Promise<Result> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    await session.perform(tagRevision, reference, rest[0])
    return { environment: reference.name, tag: reference.version ?? '' }
  }

  text(): undefined {}
}
