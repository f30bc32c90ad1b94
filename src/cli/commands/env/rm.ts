import { parseValuePath, refuseVersion, removeEnvironment, removeValue } from '../../../operations/index.ts'
import { shellWord } from '../../../shell-word.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../framework/command.ts'
import { boolean } from '../../framework/flags.ts'
import { refused } from '../../framework/report-error.ts'
import { type SavedRevision, savedRevision, savedText } from '../../framework/saved-text.ts'
import { openTarget } from '../../framework/session.ts'
import { confirm, diagnosticLines, hasColour } from '../../terminal/index.ts'

const flags = {
  yes: boolean({ description: 'remove the environment without asking', char: 'y' }),
  ...OUTPUT_FLAG,
}

type Removed =
  | { readonly kind: 'environment'; readonly fullName: string }
  | { readonly kind: 'value'; readonly saved: SavedRevision }

export default class EnvRm extends EscCommand<Removed, typeof flags> {
  static override id = 'env:rm'
  static override summary = 'Remove a value, or a whole environment.'
  static override description = `With a path, removes the value at that path and saves a new revision.

Without a path, removes the whole environment, after you confirm its full name. It moves to .removed/ in the store, and
"esc env restore" restores it.`
  static override examples = [
    { description: 'Remove one value', command: 'esc env rm app/dev database.port' },
    { description: 'Remove a whole environment, without being asked', command: 'esc env rm app/dev --yes' },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = {
    environment: { description: 'the environment', required: true },
    path: { description: 'path of the value to remove, below values' },
  }
  static override usesSelected = false
  static override count = { kind: 'atMost', count: 2 } as const

  async run(): Promise<Removed> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals, this.#mode())
    refuseVersion(reference, 'rm')
    const path = rest[0]
    if (path !== undefined) {
      const { result: saved } = await session.perform(removeValue, reference, parseValuePath(path))
      this.io.err(diagnosticLines(saved.diagnostics, hasColour(this.io, 'stderr')))
      if (saved.kind === 'refused') throw refused(reference.name, saved.diagnostics)
      return { kind: 'value', saved: savedRevision(saved) }
    }
    const { result: removed } = await session.perform(removeEnvironment, reference, {
      confirm: async (fullName) => {
        if (this.flags.yes) return
        await confirm(this.io, `This will permanently remove the "${fullName}" environment!`, fullName)
      },
    })
    // A script that passes --yes prints what the hosted tool prints.
    if ((!this.flags.yes || this.io.stderrIsTerminal) && !this.io.env.ESC_NO_HINTS) {
      this.io.err(`hint: "esc env restore ${shellWord(reference.name)}" brings it back\n`)
    }
    return { kind: 'environment', ...removed }
  }

  /**
   * Returns the mode. The environment to remove must be named: an environment that was once
   * selected is not meant.
   */
  #mode() {
    return this.positionals.length === 0 ? 'project' : 'existing'
  }

  text(removed: Removed): string {
    if (removed.kind === 'value') return savedText(this.io, removed.saved, '')
    return `Environment "${removed.fullName}" has been removed!`
  }

  override json(removed: Removed): unknown {
    return removed.kind === 'value' ? removed.saved : { removed: removed.fullName }
  }
}
