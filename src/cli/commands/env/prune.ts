import { type PrunedEnvironment, planPrune, pruneEnvironment, refuseVersion } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../framework/command.ts'
import { age, boolean, count } from '../../framework/flags.ts'
import { openTarget } from '../../framework/session.ts'
import { ENVIRONMENT } from '../../framework/shared-flags.ts'

const flags = {
  keep: count({ description: 'how many of the newest revisions keep files of their own: at least 2 (default: 2)' }),
  'older-than': age({ description: 'pack only revisions that were made longer ago, such as 90d' }),
  'dry-run': boolean({ description: 'say what would be packed and how much it saves, and change nothing' }),
  ...OUTPUT_FLAG,
}

export default class EnvPrune extends EscCommand<PrunedEnvironment, typeof flags> {
  static override id = 'env:prune'
  static override summary = 'Pack old revisions of an environment into one file.'
  static override description =
    `Packs old revisions into one archive, byte for byte, and removes their files after the archive was written and read back. No revision is
lost: "env@N" opens as before, and history, diffs, tags, retractions, rollbacks, merges and key changes work with packed revisions.
"esc check" checks their seals, too.

Give --keep, --older-than or both: a revision is packed if it is neither among the newest nor younger than that. You must be an admin of the
environment, and the first time an admin of the store, because the store changes to format version 2. Older versions of esc refuse such a
store, so update esc on all machines first.`
  static override examples = [
    { description: 'What would it save?', command: 'esc env prune rotators/ci --keep 30 --dry-run' },
    { description: 'Pack all but the newest 30 revisions', command: 'esc env prune rotators/ci --keep 30' },
    { description: 'Pack what is older than a quarter', command: 'esc env prune rotators/ci --older-than 90d' },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = ENVIRONMENT
  static override usesSelected = true
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<PrunedEnvironment> {
    const { keep, 'older-than': seconds, 'dry-run': dryRun } = this.flags
    const { session, reference } = openTarget(this.io, this.flags, this.positionals)
    refuseVersion(reference, 'prune')
    const before = seconds === undefined ? undefined : new Date(this.io.now().getTime() - seconds * 1000)
    const operation = dryRun ? planPrune : pruneEnvironment
    return (await session.perform(operation, reference, { keep, before })).result
  }

  text({ name, packed, archives, newest, before, after, raisesFormat }: PrunedEnvironment): string {
    if (packed === undefined) return `Nothing to pack: environment '${name}' has ${newest} revisions.\n`
    const { first, last } = packed
    const what = first === last ? `Revision ${first}` : `Revisions ${first} to ${last}`
    const dry = this.flags['dry-run']
    const lines = [
      `${what} of environment '${name}' ${dry ? 'would be' : first === last ? 'was' : 'were'} packed into ${archives.join(', ')}.`,
      `Revisions and events: ${sizeText(before)}, ${dry ? 'then' : 'now'} ${sizeText(after)}.`,
      ...(raisesFormat
        ? [
            `The store ${dry ? 'would get' : 'has'} format version 2${dry ? '' : ' now'}: programs that know no archives refuse it.`,
          ]
        : []),
    ]
    return lines.map((line) => `${line}\n`).join('')
  }
}

function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}
