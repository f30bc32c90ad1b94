import type { ChangedImports, Session } from '../../operations/index.ts'
import { refuseVersion } from '../../operations/index.ts'
import { CONFIG_WRITE_FLAGS, EscCommand, JSON_FLAGS } from './command.ts'
import { savedConfig } from './config-text.ts'
import { type SavedRevision, savedText } from './saved-text.ts'
import { openTarget, type Target } from './session.ts'

const flags = { ...JSON_FLAGS }

interface Result extends SavedRevision {
  /** Names as they are written. */
  readonly imports: ChangedImports['changed']
}

/** Adds environments to the imports of one, or removes them. */
export abstract class ImportsCommand extends EscCommand<Result, typeof flags> {
  static override busy = 'saving'
  static override baseFlags = CONFIG_WRITE_FLAGS
  static override flags = flags
  static override usesSelected = 'only' as const
  static override jsonSwitch = true
  static override count = { kind: 'atLeast', count: 1 } as const

  /** The words of the command, for messages. */
  protected abstract readonly words: string

  protected abstract change(
    session: Session,
    reference: Target['reference'],
    names: readonly string[],
  ): Promise<ChangedImports>

  async run(): Promise<Result> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, this.words)
    const { saved, changed } = await this.change(session, reference, rest)
    return { ...savedConfig(this.io, reference.name, saved), imports: changed }
  }

  text(saved: SavedRevision): string {
    return savedText(this.io, saved)
  }
}
