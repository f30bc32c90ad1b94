import { EscError } from '../../errors.ts'
import { type ConfigEntry, configEntries } from '../../operations/index.ts'
import { CONFIG_FLAGS, EscCommand, JSON_FLAGS } from '../framework/command.ts'
import { openConfig, readValues } from '../framework/config-target.ts'
import { configEntryJson } from '../framework/config-text.ts'
import { boolean, maybe } from '../framework/flags.ts'
import { tableFor } from '../terminal/index.ts'

const flags = {
  'show-secrets': boolean({ description: 'show secrets in the clear' }),
  open: maybe(boolean({ description: 'call providers for their values (default: only with --show-secrets)' })),
  ...JSON_FLAGS,
}

export default class Config extends EscCommand<readonly ConfigEntry[], typeof flags> {
  static override id = 'config'
  static override busy = 'reading'
  static override summary = 'Show the configuration (pulumiConfig) of an environment.'
  static override description =
    `Shows the values below pulumiConfig in the selected environment, or in the one of --env, imports included. Secrets show as [secret]
without --show-secrets. No provider is called without --open: its values show as [unknown]. In JSON, a hidden secret has no value.`
  static override examples = [
    { description: 'The configuration of the selected environment', command: 'esc config' },
    { description: 'That of another, with its secrets', command: 'esc config --env app/prod --show-secrets' },
    { description: 'For a script', command: 'esc config --json' },
  ]
  static override baseFlags = CONFIG_FLAGS
  static override flags = flags
  static override usesSelected = 'only' as const
  static override jsonSwitch = true

  async run(): Promise<readonly ConfigEntry[]> {
    const target = openConfig(this.io, this.flags, this.positionals)
    const showSecrets = this.flags['show-secrets']
    const { properties } = await readValues(target, { open: this.flags.open ?? showSecrets, showSecrets }, this.io)
    const entries = configEntries(properties, { showSecrets })
    if (entries !== undefined) return entries
    throw new EscError('unknown_value', `the configuration of ${target.reference.typed} is known once it is opened`, {
      hint: 'call its providers with --open',
    })
  }

  text(entries: readonly ConfigEntry[]): string {
    return tableFor(
      this.io,
      ['key', 'value'],
      entries.map(({ key, text }) => [key, text]),
    )
  }

  override json(entries: readonly ConfigEntry[]): unknown {
    const showSecrets = this.flags['show-secrets']
    return Object.fromEntries(entries.map((entry) => [entry.key, configEntryJson(entry, showSecrets)]))
  }
}
