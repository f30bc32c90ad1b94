import { refuseVersion, removeEnvironmentTag } from '../../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../../framework/command.ts'
import { openTarget } from '../../../framework/session.ts'
import { ENVIRONMENT } from '../../../framework/shared-flags.ts'

export default class EnvTagRm extends EscCommand<string, typeof OUTPUT_FLAG> {
  static override id = 'env:tag:rm'
  static override summary = 'Remove a tag from an environment.'
  static override description = 'Removes a tag of an environment.'
  static override examples = [{ description: 'Remove a tag', command: 'esc env tag rm rotators/ci owner' }]
  static override baseFlags = WRITE_FLAGS
  static override flags = OUTPUT_FLAG
  static override args = { ...ENVIRONMENT, name: { description: 'name of the tag', required: true } }
  static override count = { kind: 'exactly', count: 2 } as const

  async run(): Promise<string> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'rm')
    const name = rest[0] as string
    await session.perform(removeEnvironmentTag, reference, name)
    return name
  }

  text(name: string): string {
    return `Successfully deleted environment tag: ${name}`
  }

  override json(name: string): unknown {
    return { removed: name }
  }
}
