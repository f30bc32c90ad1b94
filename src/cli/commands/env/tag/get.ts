import { type EnvironmentTag, environmentTag, refuseVersion } from '../../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../../framework/command.ts'
import { openTarget } from '../../../framework/session.ts'
import { ENVIRONMENT, UTC_FLAG } from '../../../framework/shared-flags.ts'
import { environmentTagBlock, environmentTagJson } from '../../../framework/tag-text.ts'

const flags = { ...UTC_FLAG, ...OUTPUT_FLAG }

export default class EnvTagGet extends EscCommand<EnvironmentTag, typeof flags> {
  static override id = 'env:tag:get'
  static override summary = 'Show a tag of an environment.'
  static override description = 'Shows one tag of an environment: its value, and who changed it last.'
  static override examples = [{ description: 'Show one tag', command: 'esc env tag get rotators/ci owner' }]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = { ...ENVIRONMENT, name: { description: 'name of the tag', required: true } }
  static override count = { kind: 'exactly', count: 2 } as const

  async run(): Promise<EnvironmentTag> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'tag')
    return (await session.perform(environmentTag, reference, rest[0] as string)).result
  }

  text(tag: EnvironmentTag): string {
    return environmentTagBlock(tag, this.flags.utc)
  }

  override json(tag: EnvironmentTag): unknown {
    return environmentTagJson(tag)
  }
}
