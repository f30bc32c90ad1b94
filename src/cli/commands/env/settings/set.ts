import { EscError } from '../../../../errors.ts'
import { changeSettings, refuseVersion, settingName } from '../../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../../framework/command.ts'
import { openTarget } from '../../../framework/session.ts'
import { ENVIRONMENT } from '../../../framework/shared-flags.ts'

interface Result {
  readonly name: string
  readonly value: boolean
}

export default class EnvSettingsSet extends EscCommand<Result, typeof OUTPUT_FLAG> {
  static override id = 'env:settings:set'
  static override summary = 'Change a setting of an environment.'
  static override description =
    'Changes a setting of an environment. deletion-protected: whether "esc env rm" refuses to remove it.'
  static override examples = [
    {
      description: 'Keep an environment from being removed',
      command: 'esc env settings set rotators/ci deletion-protected true',
    },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = OUTPUT_FLAG
  static override args = {
    ...ENVIRONMENT,
    setting: { description: 'name of the setting', required: true },
    value: { description: 'its value: true or false', required: true },
  }
  static override count = { kind: 'between', least: 2, most: 3 } as const

  async run(): Promise<Result> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'settings')
    const [setting, value] = rest
    if (setting === undefined || value === undefined) {
      throw new EscError('usage', 'expected a setting name and value', {
        hint: `for example: esc env settings set ${reference.typed} deletion-protected true`,
      })
    }
    const name = settingName(setting)
    if (value !== 'true' && value !== 'false') {
      throw new EscError('usage', `invalid value for ${name}: ${value} (expected true or false)`)
    }
    const { result: settings } = await session.perform(changeSettings, reference, { [name]: value === 'true' })
    return { name, value: settings[name] }
  }

  text({ value }: Result): string {
    return String(value)
  }

  override json({ name, value }: Result): unknown {
    return { [name]: value }
  }
}
