import { type EnvironmentTag, environmentTags, refuseVersion } from '../../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../../framework/command.ts'
import { openTarget } from '../../../framework/session.ts'
import { ENVIRONMENT, PAGER_FLAG, UTC_FLAG } from '../../../framework/shared-flags.ts'
import { environmentTagBlock, environmentTagJson } from '../../../framework/tag-text.ts'
import { pageOrWrite } from '../../../terminal/index.ts'

const flags = { ...PAGER_FLAG, ...UTC_FLAG, ...OUTPUT_FLAG }

export default class EnvTagLs extends EscCommand<readonly EnvironmentTag[], typeof flags> {
  static override id = 'env:tag:ls'
  static override summary = 'List the tags of an environment.'
  static override description = 'Lists the tags of an environment by name.'
  static override examples = [
    { description: 'List the tags', command: 'esc env tag ls rotators/ci' },
    { description: 'For a script', command: 'esc env tag ls rotators/ci --output json' },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = ENVIRONMENT
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<readonly EnvironmentTag[]> {
    const { session, reference } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'ls')
    const { result: tags } = await session.perform(environmentTags, reference)
    if (this.flags.output === 'text') {
      const shown = tags.map((tag) => environmentTagBlock(tag, this.flags.utc)).join('')
      await pageOrWrite(this.io, shown, this.flags.pager)
    }
    return tags
  }

  /** Shown by the pager already. */
  text(): undefined {}

  override json(tags: readonly EnvironmentTag[]): unknown {
    return { tags: tags.map(environmentTagJson) }
  }
}
