import { CONFIG_WRITE_FLAGS, EscCommand, JSON_FLAGS } from '../../framework/command.ts'
import { type RemovedConfig, removeConfig } from '../../framework/config-remove.ts'
import { openConfigToWrite } from '../../framework/config-target.ts'
import { boolean } from '../../framework/flags.ts'
import { savedText } from '../../framework/saved-text.ts'

const flags = {
  path: boolean({ description: 'the key is a path into a value, such as endpoints[0].token' }),
  ...JSON_FLAGS,
}

export default class ConfigRm extends EscCommand<RemovedConfig, typeof flags> {
  static override id = 'config:rm'
  static override busy = 'saving'
  static override summary = 'Remove a configuration value.'
  static override description =
    `Removes a key below pulumiConfig of the selected environment, or of the one of --env, and saves a new revision. A key that only an
imported environment sets stays: remove it there.`
  static override examples = [
    { description: 'Remove a value', command: 'esc config rm aws:region' },
    { description: 'Remove an element of a list', command: "esc config rm --path 'app:endpoints[0]'" },
  ]
  static override baseFlags = CONFIG_WRITE_FLAGS
  static override flags = flags
  static override args = { key: { description: 'the key, such as aws:region; with --path, a path', required: true } }
  static override usesSelected = 'only' as const
  static override jsonSwitch = true
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<RemovedConfig> {
    const target = openConfigToWrite(this.io, this.flags, this.positionals, 'rm')
    return removeConfig(target, { structured: this.flags.path }, this.io)
  }

  text(saved: RemovedConfig): string {
    return savedText(this.io, saved)
  }
}
