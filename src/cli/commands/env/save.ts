import { refuseVersion, saveWorkingDefinition } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../framework/command.ts'
import { refused } from '../../framework/report-error.ts'
import { newRevisionLine, type SavedRevision, savedRevision } from '../../framework/saved-text.ts'
import { openTarget } from '../../framework/session.ts'
import { diagnosticBlocks, hasColour } from '../../terminal/index.ts'

interface Result extends SavedRevision {
  readonly environment: string
}

export default class EnvSave extends EscCommand<Result, typeof OUTPUT_FLAG> {
  static override id = 'env:save'
  static override busy = 'saving'
  static override summary = 'Save changes made to environment.yaml by hand as a new revision.'
  static override description =
    `Use this after you changed environment.yaml in your own editor or by a merge. It checks the definition, encrypts plaintext secrets and
saves a new revision.`
  static override examples = [{ description: 'Save what was edited', command: 'esc env save app/dev' }]
  static override baseFlags = WRITE_FLAGS
  static override flags = OUTPUT_FLAG
  static override args = { environment: { description: 'the environment', required: true } }
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<Result> {
    const { session, reference } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'save')
    const { result: saved } = await session.perform(saveWorkingDefinition, reference)
    const source = { environment: reference.name, text: saved.text }
    this.io.err(diagnosticBlocks(saved.diagnostics, source, hasColour(this.io, 'stderr')))
    if (saved.kind === 'refused') throw refused(reference.name, saved.diagnostics)
    return { environment: reference.name, ...savedRevision(saved) }
  }

  text({ environment, changed, revision }: Result): string {
    return changed ? newRevisionLine(revision) : `Nothing to save in '${environment}'.`
  }
}
