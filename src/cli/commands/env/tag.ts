import { type EnvironmentTag, refuseVersion, setEnvironmentTag } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../framework/command.ts'
import { openTarget } from '../../framework/session.ts'
import { ENVIRONMENT, UTC_FLAG } from '../../framework/shared-flags.ts'
import { environmentTagBlock, environmentTagJson } from '../../framework/tag-text.ts'

const flags = { ...UTC_FLAG, ...OUTPUT_FLAG }

export default class EnvTag extends EscCommand<EnvironmentTag, typeof flags> {
  static override id = 'env:tag'
  static override summary = 'Set a tag on an environment.'
  static override description =
    `Sets a tag on an environment: a name and a value to find and group environments by. Tags are not secret and do not change the values of
the environment. To tag a revision, use "esc env version tag".`
  static override examples = [{ description: 'Say whose it is', command: 'esc env tag rotators/ci owner platform' }]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = {
    ...ENVIRONMENT,
    name: { description: 'name of the tag', required: true },
    value: { description: 'its value', required: true },
  }
  static override count = { kind: 'exactly', count: 3 } as const

  async run(): Promise<EnvironmentTag> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'tag')
    const [name, value] = rest as [string, string]
    return (await session.perform(setEnvironmentTag, reference, { name, value })).result
  }

  text(tag: EnvironmentTag): string {
    return environmentTagBlock(tag, this.flags.utc)
  }

  override json(tag: EnvironmentTag): unknown {
    return environmentTagJson(tag)
  }
}
