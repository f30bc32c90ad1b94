import { type ConfigEntry, parseConfigKey } from '../../../operations/index.ts'
import { CONFIG_FLAGS, EscCommand, JSON_FLAGS } from '../../framework/command.ts'
import { openConfig, readConfigEntry } from '../../framework/config-target.ts'
import { configEntryJson } from '../../framework/config-text.ts'
import { boolean, maybe } from '../../framework/flags.ts'

const flags = {
  path: boolean({ description: 'the key is a path into a value, such as endpoints[0].token' }),
  open: maybe(boolean({ description: 'call providers for their values (default: true)' })),
  ...JSON_FLAGS,
}

export default class ConfigGet extends EscCommand<ConfigEntry, typeof flags> {
  static override id = 'config:get'
  static override busy = 'opening'
  static override summary = 'Print one configuration value, secrets included.'
  static override description =
    `Prints the value of a key below pulumiConfig in the selected environment, or in the one of --env. Secrets are printed in the clear.
Lists and mappings are printed as JSON.`
  static override examples = [
    { description: 'One value', command: 'esc config get aws:region' },
    { description: 'A value within a list of mappings', command: "esc config get --path 'app:endpoints[0].token'" },
    { description: 'Whether it is a secret, too', command: 'esc config get app:token --json' },
  ]
  static override baseFlags = CONFIG_FLAGS
  static override flags = flags
  static override args = { key: { description: 'the key, such as aws:region; with --path, a path', required: true } }
  static override usesSelected = 'only' as const
  static override jsonSwitch = true
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<ConfigEntry> {
    const target = openConfig(this.io, this.flags, this.positionals)
    const path = parseConfigKey(target.rest[0] ?? '', { structured: this.flags.path })
    return readConfigEntry(target, path, this.flags.open ?? true, this.io)
  }

  override get printsValues(): boolean {
    return true
  }

  text({ text }: ConfigEntry): string {
    return `${text}\n`
  }

  override json(entry: ConfigEntry): unknown {
    return configEntryJson(entry, true)
  }
}
