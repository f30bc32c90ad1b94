import { listImports } from '../../../../operations/index.ts'
import { CONFIG_FLAGS, EscCommand, JSON_FLAGS } from '../../../framework/command.ts'
import { openConfig } from '../../../framework/config-target.ts'

const flags = { ...JSON_FLAGS }

export default class ConfigEnvLs extends EscCommand<readonly string[], typeof flags> {
  static override id = 'config:env:ls'
  static override summary = 'List the imports of an environment.'
  static override description =
    'Lists the imports of the selected environment, or of the one of --env, in order. Later imports override earlier ones.'
  static override examples = [{ description: 'Imports of the selected environment', command: 'esc config env ls' }]
  static override baseFlags = CONFIG_FLAGS
  static override flags = flags
  static override usesSelected = 'only' as const
  static override jsonSwitch = true

  async run(): Promise<readonly string[]> {
    const { session, reference } = openConfig(this.io, this.flags, this.positionals)
    return (await session.perform(listImports, reference)).result
  }

  text(names: readonly string[]): string {
    return names.map((name) => `${name}\n`).join('')
  }
}
