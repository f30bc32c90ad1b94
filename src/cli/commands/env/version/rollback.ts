import { EscError } from '../../../../errors.ts'
import { rollBack } from '../../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../../framework/command.ts'
import { DRAFT_FLAG, inDraft } from '../../../framework/draft.ts'
import { boolean } from '../../../framework/flags.ts'
import { type DraftedRevision, type SavedRevision, savedRevision, savedText } from '../../../framework/saved-text.ts'
import type { Target } from '../../../framework/session.ts'
import { VERSIONED } from '../../../framework/shared-flags.ts'
import { diagnosticBlocks, hasColour } from '../../../terminal/index.ts'

const flags = {
  exact: boolean({ description: 'bring back the credentials of that revision as well; they may be dead' }),
  force: boolean({ description: 'with --exact: although they have been rotated since' }),
  ...DRAFT_FLAG,
  ...OUTPUT_FLAG,
}

export default class EnvVersionRollback extends EscCommand<DraftedRevision, typeof flags> {
  static override id = 'env:version:rollback'
  static override summary = 'Restore an earlier revision as the newest one.'
  static override description =
    `Saves the definition of an earlier revision as the newest one. Rotators keep their current credentials, because the earlier ones may be
invalid. --exact restores the definition exactly as it was.`
  static override examples = [
    { description: 'Go back to revision 2', command: 'esc env version rollback rotators/ci@2' },
    { description: 'Go back to a tag', command: 'esc env version rollback app/dev@stable' },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = VERSIONED
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<DraftedRevision> {
    const { result, draft } = await inDraft(
      { io: this.io, flags: this.flags, positionals: this.positionals, id: EnvVersionRollback.id },
      (target) => this.#rollBack(target),
    )
    return { ...result, draft }
  }

  async #rollBack({ session, reference }: Target): Promise<SavedRevision> {
    const { exact, force } = this.flags
    const { saved, text, to, kept, left } = (await session.perform(rollBack, reference, { exact, force })).result
    const source = { environment: reference.name, text }
    this.io.err(diagnosticBlocks(saved.diagnostics, source, hasColour(this.io, 'stderr')))
    if (saved.kind === 'refused') {
      throw new EscError('invalid_definition', 'could not roll back: too many errors', {
        hint: `revision ${to} refers to something that is gone; change a copy of it with "esc env edit"`,
      })
    }
    for (const path of kept) this.io.err(`${path}: keeps its present credential, not that of revision ${to}\n`)
    for (const { path, revision } of left) {
      this.io.err(
        `warning: ${path}: revision ${to} has no such rotator; its credential stays valid, and stays in revision ${revision}\n`,
      )
    }
    return savedRevision(saved)
  }

  text(saved: DraftedRevision): string {
    return savedText(this.io, saved, saved.changed ? 'Environment updated.\n' : 'Environment unchanged.\n')
  }
}
