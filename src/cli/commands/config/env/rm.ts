import { type ChangedImports, refuseVersion, removeImports } from '../../../../operations/index.ts'
import { CONFIG_WRITE_FLAGS, EscCommand, JSON_FLAGS } from '../../../framework/command.ts'
import { type SavedConfig, savedConfig } from '../../../framework/config-text.ts'
import { openTarget } from '../../../framework/session.ts'

const flags = { ...JSON_FLAGS }

interface Result extends SavedConfig {
  /** Names as they are written. */
  readonly imports: ChangedImports['changed']
}

export default class ConfigEnvRm extends EscCommand<Result, typeof flags> {
  static override id = 'config:env:rm'
  static override busy = 'saving'
  static override summary = 'Remove imports.'
  static override description =
    `Removes environments from the imports of the selected environment, or of the one of --env, and saves a new revision. The imported
environments themselves stay.`
  static override examples = [{ description: 'Remove an import', command: 'esc config env rm base/common' }]
  static override baseFlags = CONFIG_WRITE_FLAGS
  static override flags = flags
  static override args = {
    environments: {
      description: 'imports to remove, as "esc config env ls" shows them',
      required: true,
      multiple: true,
    },
  }
  static override usesSelected = 'only' as const
  static override jsonSwitch = true
  static override count = { kind: 'atLeast', count: 1 } as const

  async run(): Promise<Result> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'config env rm')
    const { saved, changed } = (await session.perform(removeImports, reference, rest)).result
    return { ...savedConfig(this.io, reference.name, saved), imports: changed }
  }

  text(): undefined {}
}
