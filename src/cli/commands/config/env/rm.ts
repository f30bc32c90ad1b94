import { type ChangedImports, removeImports, type Session } from '../../../../operations/index.ts'
import { ImportsCommand } from '../../../framework/imports-command.ts'
import type { Target } from '../../../framework/session.ts'

export default class ConfigEnvRm extends ImportsCommand {
  static override id = 'config:env:rm'
  static override summary = 'Remove imports from an environment.'
  static override description =
    `Removes environments from the imports of the selected environment, or of the one of --env, and saves a new revision. The imported
environments themselves stay.`
  static override examples = [{ description: 'Remove an import', command: 'esc config env rm base/common' }]
  static override args = {
    environments: {
      description: 'imports to remove, as "esc config env ls" shows them',
      required: true,
      multiple: true,
    },
  }
  protected readonly words = 'config env rm'

  protected async change(
    session: Session,
    reference: Target['reference'],
    names: readonly string[],
  ): Promise<ChangedImports> {
    return (await session.perform(removeImports, reference, names)).result
  }
}
