import { addImports, type ChangedImports, type Session } from '../../../../operations/index.ts'
import { ImportsCommand } from '../../../framework/imports-command.ts'
import type { Target } from '../../../framework/session.ts'

export default class ConfigEnvAdd extends ImportsCommand {
  static override id = 'config:env:add'
  static override summary = 'Import environments.'
  static override description =
    `Adds environments to the imports of the selected environment, or of the one of --env, and saves a new revision. They come behind those that
are there, so their values stand over those of earlier imports; what the environment itself says stands over all of them.`
  static override examples = [{ description: 'Import an environment', command: 'esc config env add base/common' }]
  static override args = {
    environments: {
      description: 'environments to import, with @ and a version if you like',
      required: true,
      multiple: true,
    },
  }
  protected readonly words = 'config env add'

  protected async change(
    session: Session,
    reference: Target['reference'],
    names: readonly string[],
  ): Promise<ChangedImports> {
    return (await session.perform(addImports, reference, names)).result
  }
}
