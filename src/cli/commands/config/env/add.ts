import { addImports, type ChangedImports, type Session } from '../../../../operations/index.ts'
import { ImportsCommand } from '../../../framework/imports-command.ts'
import type { Target } from '../../../framework/session.ts'

export default class ConfigEnvAdd extends ImportsCommand {
  static override id = 'config:env:add'
  static override summary = 'Add imports to an environment.'
  static override description =
    `Adds environments to the end of the imports of the selected environment, or of the one of --env, and saves a new revision. Values of later imports
override those of earlier ones, and values of the environment itself override all imports.`
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
