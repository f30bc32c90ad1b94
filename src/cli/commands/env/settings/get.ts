import {
  type EnvironmentSettings,
  environmentSettings,
  refuseVersion,
  settingName,
} from '../../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../../framework/command.ts'
import { openTarget } from '../../../framework/session.ts'
import { ENVIRONMENT } from '../../../framework/shared-flags.ts'

const flags = { ...OUTPUT_FLAG }

interface Result {
  readonly settings: EnvironmentSettings
  /** The one that was asked for; undefined: all. */
  readonly name: keyof EnvironmentSettings | undefined
}

export default class EnvSettingsGet extends EscCommand<Result, typeof flags> {
  static override id = 'env:settings:get'
  static override summary = 'Show the settings of an environment.'
  static override description =
    'Shows the settings of an environment, or the value of one. deletion-protected: whether "esc env rm" refuses to remove it.'
  static override examples = [
    { description: 'All settings', command: 'esc env settings get rotators/ci' },
    { description: 'One, for a script', command: 'esc env settings get rotators/ci deletion-protected' },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = { ...ENVIRONMENT, setting: { description: 'name of the setting (default: all)' } }
  static override count = { kind: 'between', least: 1, most: 2 } as const

  async run(): Promise<Result> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'settings')
    const name = rest[0] === undefined ? undefined : settingName(rest[0])
    return { settings: (await session.perform(environmentSettings, reference)).result, name }
  }

  text({ settings, name }: Result): string {
    if (name !== undefined) return String(settings[name])
    return Object.entries(settings)
      .map(([setting, value]) => `${setting} ${value}\n`)
      .join('')
  }

  override json({ settings, name }: Result): unknown {
    return name === undefined ? settings : { [name]: settings[name] }
  }
}
