import { EscError } from '../../../errors.ts'
import { parseValuePath, refuseVersion, removeValues } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../framework/command.ts'
import { refused } from '../../framework/report-error.ts'
import { type SavedRevision, savedRevision, savedText } from '../../framework/saved-text.ts'
import { openTarget } from '../../framework/session.ts'
import { ENVIRONMENT } from '../../framework/shared-flags.ts'
import { diagnosticLines, hasColour } from '../../terminal/index.ts'

const flags = { ...OUTPUT_FLAG }

interface Result extends SavedRevision {
  /** Paths at which there was nothing. */
  readonly missing: readonly string[]
}

export default class EnvRmAll extends EscCommand<Result, typeof flags> {
  static override id = 'env:rm-all'
  static override summary = 'Remove several values in one revision.'
  static override description =
    'Removes the values at several paths and saves one new revision. Indices count the list as it is now.'
  static override examples = [
    { description: 'Remove two values', command: 'esc env rm-all app/dev database.host database.port' },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = { ...ENVIRONMENT, paths: { description: 'paths of the values, below values', multiple: true } }
  static override count = { kind: 'any' } as const

  async run(): Promise<Result> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'rm-all')
    if (rest.length === 0) {
      throw new EscError('usage', 'expected at least one path', {
        hint: `to remove the environment itself, use "esc env rm ${reference.typed}"`,
      })
    }
    const { saved, missing } = (await session.perform(removeValues, reference, rest.map(parseValuePath))).result
    this.io.err(diagnosticLines(saved.diagnostics, hasColour(this.io, 'stderr')))
    if (saved.kind === 'refused') throw refused(reference.name, saved.diagnostics)
    for (const path of missing) this.io.err(`warning: there is nothing at ${path}\n`)
    return { ...savedRevision(saved), missing }
  }

  text(saved: SavedRevision): string {
    return savedText(this.io, saved)
  }
}
