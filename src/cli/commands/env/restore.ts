import { refuseVersion, removedEnvironments, restoreEnvironment } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../framework/command.ts'
import { text } from '../../framework/flags.ts'
import { openSession, openTarget } from '../../framework/session.ts'
import { tableFor } from '../../terminal/index.ts'

const flags = {
  id: text({ description: 'which one, when several of that name were removed (default: the last)', value: 'id' }),
  ...OUTPUT_FLAG,
}

interface Removed {
  readonly name: string
  readonly id: string
  readonly removed?: string
  readonly by?: string
}

type Result =
  | { readonly kind: 'restored'; readonly name: string; readonly revision: number }
  | { readonly kind: 'list'; readonly removed: readonly Removed[] }

export default class EnvRestore extends EscCommand<Result, typeof flags> {
  static override id = 'env:restore'
  static override summary = 'Restore a removed environment, or list those that can be.'
  static override description =
    `Restores an environment that "esc env rm" removed, with its history, settings and key. Without a name, lists the environments that
can be restored.`
  static override examples = [
    { description: 'List what was removed', command: 'esc env restore' },
    { description: 'Bring one back', command: 'esc env restore app/dev' },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = { environment: { description: 'name of the removed environment' } }
  static override count = { kind: 'atMost', count: 1 } as const

  async run(): Promise<Result> {
    if (this.positionals.length === 0 && this.flags.env === undefined) {
      const session = openSession(this.io, this.flags)
      const { result: removed } = await session.perform(removedEnvironments, undefined)
      return {
        kind: 'list',
        removed: removed.map(({ name, id, at, by }) => ({
          name,
          id,
          ...(at && { removed: at.toISOString() }),
          ...(by && { by }),
        })),
      }
    }
    const { session, reference } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'restore')
    const { result } = await session.perform(restoreEnvironment, reference, { id: this.flags.id })
    return { kind: 'restored', ...result }
  }

  text(result: Result): string {
    if (result.kind === 'restored') return `Environment '${result.name}' is back, at revision ${result.revision}.`
    if (result.removed.length === 0) return 'No environment was removed.'
    const rows = result.removed.map(({ name, id, removed = 'unknown', by = 'unknown' }) => [name, id, removed, by])
    return tableFor(this.io, ['environment', 'id', 'removed', 'by'], rows)
  }

  override json(result: Result): unknown {
    const { kind: _, ...rest } = result
    return rest
  }
}
