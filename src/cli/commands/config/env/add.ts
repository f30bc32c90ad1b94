import { addImports, type ChangedImports, refuseVersion } from '../../../../operations/index.ts'
import { CONFIG_WRITE_FLAGS, EscCommand, JSON_FLAGS } from '../../../framework/command.ts'
import { type SavedConfig, savedConfig } from '../../../framework/config-text.ts'
import { openTarget } from '../../../framework/session.ts'

const flags = { ...JSON_FLAGS }

interface Result extends SavedConfig {
  /** Names as they are written. */
  readonly imports: ChangedImports['changed']
}

export default class ConfigEnvAdd extends EscCommand<Result, typeof flags> {
  static override id = 'config:env:add'
  static override busy = 'saving'
  static override summary = 'Import environments.'
  static override description =
    `Adds environments to the imports of the selected environment, or of the one of --env, and saves a new revision. They come behind those that
are there, so their values stand over those of earlier imports; what the environment itself says stands over all of them.`
  static override examples = [{ description: 'Import an environment', command: 'esc config env add base/common' }]
  static override baseFlags = CONFIG_WRITE_FLAGS
  static override flags = flags
  static override args = {
    environments: {
      description: 'environments to import, with @ and a version if you like',
      required: true,
      multiple: true,
    },
  }
  static override usesSelected = 'only' as const
  static override jsonSwitch = true
  static override count = { kind: 'atLeast', count: 1 } as const

  async run(): Promise<Result> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'config env add')
    const { saved, changed } = (await session.perform(addImports, reference, rest)).result
    return { ...savedConfig(this.io, reference.name, saved), imports: changed }
  }

  text(): undefined {}
}
