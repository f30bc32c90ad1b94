import { basename } from 'node:path'
import { EscError } from '../../../../errors.ts'
import {
  type ForgottenRecord,
  forgetRecord,
  journalRecords,
  refuseVersion,
  retargetRecord,
  type UnfinishedRecord,
} from '../../../../operations/index.ts'
import type { Text } from '../../../../rich-text.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../../framework/command.ts'
import { boolean } from '../../../framework/flags.ts'
import { journalText, recordText } from '../../../framework/journal-text.ts'
import { formatTime } from '../../../framework/revision-text.ts'
import { openTarget } from '../../../framework/session.ts'
import { UTC_FLAG } from '../../../framework/shared-flags.ts'
import { askYesNo, confirm, type Io, worded } from '../../../terminal/index.ts'

const flags = {
  forget: boolean({ description: 'take a record out of the journal, after asking' }),
  retarget: boolean({
    description:
      'move a record to the address that the definition names now, after asking: the server was renamed or failed over',
  }),
  'show-secrets': boolean({ description: 'with --forget: print the record with its credential first' }),
  yes: boolean({ description: 'do it without asking', char: 'y' }),
  ...UTC_FLAG,
  ...OUTPUT_FLAG,
}

type Result =
  | { readonly kind: 'listed'; readonly typed: string; readonly records: readonly UnfinishedRecord[] }
  | { readonly kind: 'forgotten'; readonly forgotten: ForgottenRecord }
  | { readonly kind: 'retargeted'; readonly typed: string; readonly path: string; readonly note: Text }

export default class EnvRotateJournal extends EscCommand<Result, typeof flags> {
  static override id = 'env:rotate:journal'
  static override summary = 'List interrupted rotations and resolve stuck ones.'
  static override description =
    `Lists rotations that were interrupted on this machine: the path, the time, whose credential it is, and what to do. Prints no
secret. "esc env rotate ENV --resume" finishes or undoes most of them.

--retarget moves a record to the address that the definition has now, for a server that was renamed or failed over.

--forget removes a record that can never be finished, because the rotator, account, environment or key is gone. It asks first, and offers
to print the credential. The record is kept, still encrypted, in the folder forgotten/ of the state folder.

Name the record by its path or its file. If there is only one, you need not name it.`
  static override examples = [
    { description: 'List what is unfinished', command: 'esc env rotate journal rotators/ci' },
    { description: 'The database moved to another host', command: 'esc env rotate journal rotators/ci db --retarget' },
    { description: 'The account is gone', command: 'esc env rotate journal rotators/ci db --forget --show-secrets' },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = {
    environment: { description: 'the environment, also one that is gone', required: true },
    record: { description: 'path of the rotator, below values, or the file of the record' },
  }
  static override count = { kind: 'atMost', count: 2 } as const

  async run(): Promise<Result> {
    const { session, reference, rest } = openTarget(this.io, this.flags, this.positionals)
    const { forget, retarget, yes, 'show-secrets': show } = this.flags
    const [chosen] = rest
    const typed = this.flags.env ?? this.positionals[0] ?? reference.name
    refuseVersion(reference, 'journal')
    if (forget && retarget) {
      throw new EscError('usage', '--forget and --retarget exclude each other', { hint: 'give one of them' })
    }
    if (show && !forget) throw new EscError('usage', '--show-secrets goes with --forget', { hint: 'add --forget' })
    if (yes && !forget && !retarget) {
      throw new EscError('usage', '--yes goes with --forget or --retarget', { hint: 'add one of them' })
    }
    if (forget) {
      const { result: forgotten } = await session.perform(forgetRecord, reference, {
        chosen,
        confirm: (record, credential) => this.#confirmForget(record, credential),
      })
      return { kind: 'forgotten', forgotten }
    }
    if (retarget) {
      const { result: moved } = await session.perform(retargetRecord, reference, {
        chosen,
        confirm: async ({ path, rotator, from, to }) => {
          if (yes) return true
          const what = `This will move the interrupted rotation of ${path} (${rotator}):\n  from: ${from}\n  to:   ${to}\nOnly do this if the same accounts are there now.`
          await confirm(this.#toPerson(), what, path)
          return true
        },
      })
      return { kind: 'retargeted', typed, ...moved }
    }
    const { result: records } = await session.perform(journalRecords, reference)
    return {
      kind: 'listed',
      typed,
      records: chosen === undefined ? records : records.filter((each) => names(each, chosen)),
    }
  }

  async #confirmForget(record: UnfinishedRecord, credential: (() => unknown) | undefined): Promise<{ show: boolean }> {
    const io = this.#toPerson()
    const { yes, 'show-secrets': asked } = this.flags
    if (asked && credential === undefined) {
      throw new EscError('key_unavailable', `the record cannot be read: ${record.problem}`, {
        hint: 'leave out --show-secrets: the record is kept, encrypted, and can be read once its key is there',
      })
    }
    if (!yes) io.out(`${recordText(record, (time) => formatTime(time, this.flags.utc))}\n`)
    const show =
      asked || (!yes && credential !== undefined && (await askYesNo(io, 'Print the credential first?')) === true)
    // Before the question: whoever needs it must have it while the record is still there.
    if (show && this.flags.output === 'text') io.out(Buffer.from(`${shownJson(credential?.())}\n`))
    if (!yes) {
      const label = record.path ?? basename(record.file)
      const what = 'This will give the record up: nothing will finish or undo its rotation any more.'
      await confirm(io, what, label)
    }
    return { show }
  }

  /** Questions go to standard error when standard output carries JSON. */
  #toPerson(): Io {
    return this.flags.output === 'text' ? this.io : { ...this.io, out: (text) => this.io.err(text) }
  }

  text(result: Result): string {
    switch (result.kind) {
      case 'listed':
        return journalText(result.typed, result.records, (time) => formatTime(time, this.flags.utc))
      case 'forgotten': {
        const { kept, record } = result.forgotten
        return `The record of ${record.path ?? basename(record.file)} was given up. It is kept, encrypted: ${kept}\n`
      }
      case 'retargeted':
        return `${result.path}: ${worded(result.note)}\nNext: "esc env rotate ${result.typed} --resume" finishes or undoes it there.\n`
    }
  }

  override json(result: Result): unknown {
    if (result.kind === 'listed') return { records: result.records }
    if (result.kind === 'forgotten') return { forgotten: result.forgotten }
    return { retargeted: { path: result.path, note: result.note } }
  }
}

function names({ path, file }: UnfinishedRecord, chosen: string): boolean {
  return [path, file, basename(file)].includes(chosen)
}

/**
 * JSON in ASCII, so that no secret can steer the terminal and none is shown otherwise than it is.
 */
function shownJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
