import { type EnvironmentTag, refuseVersion, renameEnvironmentTag } from '../../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../../framework/command.ts'
import { openTarget } from '../../../framework/session.ts'
import { ENVIRONMENT, UTC_FLAG } from '../../../framework/shared-flags.ts'
import { environmentTagBlock, environmentTagJson } from '../../../framework/tag-text.ts'

const flags = { ...UTC_FLAG, ...OUTPUT_FLAG }

export default class EnvTagMv extends EscCommand<EnvironmentTag, typeof flags> {
  static override id = 'env:tag:mv'
  static override summary = 'Rename a tag of an environment.'
  static override description = 'Gives a tag of an environment another name. Its value stays.'
  static override examples = [{ description: 'Rename a tag', command: 'esc env tag mv rotators/ci owner team' }]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = {
    ...ENVIRONMENT,
    name: { description: 'name of the tag', required: true },
    newName: { description: 'its new name', required: true },
  }
  static override count = { kind: 'exactly', count: 3 } as const

  async run(): Promise<EnvironmentTag> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'tag')
    const [name, newName] = rest as [string, string]
    return (await session.perform(renameEnvironmentTag, reference, { name, newName })).result
  }

  text(tag: EnvironmentTag): string {
    return environmentTagBlock(tag, this.flags.utc)
  }

  override json(tag: EnvironmentTag): unknown {
    return environmentTagJson(tag)
  }
}
