import { CONFIG_WRITE_FLAGS, EscCommand, JSON_FLAGS } from '../../framework/command.ts'
import { type RemovedConfig, removeConfig } from '../../framework/config-remove.ts'
import { openConfigToWrite } from '../../framework/config-target.ts'
import { boolean } from '../../framework/flags.ts'
import { savedText } from '../../framework/saved-text.ts'

const flags = {
  path: boolean({ description: 'each key is a path into a value, such as endpoints[0].token' }),
  ...JSON_FLAGS,
}

export default class ConfigRmAll extends EscCommand<RemovedConfig, typeof flags> {
  static override id = 'config:rm-all'
  static override busy = 'saving'
  static override summary = 'Remove several configuration values in one revision.'
  static override description =
    'Removes several keys below pulumiConfig and saves one new revision. Indices in paths count the lists as they are now.'
  static override examples = [{ description: 'Remove two values', command: 'esc config rm-all aws:region app:token' }]
  static override baseFlags = CONFIG_WRITE_FLAGS
  static override flags = flags
  static override args = {
    keys: { description: 'the keys, such as aws:region; with --path, paths', required: true, multiple: true },
  }
  static override usesSelected = 'only' as const
  static override jsonSwitch = true
  static override count = { kind: 'atLeast', count: 1 } as const

  async run(): Promise<RemovedConfig> {
    const target = openConfigToWrite(this.io, this.flags, this.positionals, 'rm-all')
    return removeConfig(target, { structured: this.flags.path }, this.io)
  }

  text(saved: RemovedConfig): string {
    return savedText(this.io, saved)
  }
}
