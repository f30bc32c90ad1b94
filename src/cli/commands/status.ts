import { overdueText, type StoreStatus, storeStatus } from '../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../framework/command.ts'
import { EXIT } from '../framework/report-error.ts'
import { person } from '../framework/revision-text.ts'
import { openSession } from '../framework/session.ts'
import { WATCH_FLAGS, watching } from '../framework/watching.ts'
import { worded } from '../terminal/index.ts'

const flags = { ...WATCH_FLAGS, ...OUTPUT_FLAG }

const CHOSEN = {
  named: 'named by --store or ESC_STORE',
  found: 'found from the current folder',
  login: 'chosen with "esc login"',
} as const

const STATES = {
  clean: 'saved',
  stale: 'environment.yaml is behind and will be put right by the next change',
  edited: 'edited by hand: "esc env save" or "esc env discard"',
} as const

interface Result {
  readonly status: StoreStatus
  /** It has been shown already. */
  readonly shown: boolean
}

export default class Status extends EscCommand<Result, typeof flags> {
  static override id = 'status'
  static override summary = 'Show which store is in use, and what in it waits to be done.'
  static override description =
    `Shows the store that commands use here and why, who changes would be by, the selected environment, hand edits that are not saved,
rotations that were interrupted on this machine, and environments that cannot be used: those that are damaged, or not what this machine has
seen. Needs no key. The exit code is 1 when there is such a problem. "esc check" looks whether everything is whole.`
  static override examples = [
    { description: 'Where am I', command: 'esc status' },
    { description: 'For a script', command: 'esc status --output json' },
  ]
  static override flags = flags

  async run(): Promise<Result> {
    // A look at everything asks for no passphrase.
    const unasked = { prompt: undefined, askTrust: undefined, deliver: undefined }
    const look = async () => (await openSession(this.io, this.flags, unasked).perform(storeStatus, undefined)).result
    const shown = await watching(this.io, this.flags, async () => textOf(await look()))
    return { status: await look(), shown }
  }

  text({ status, shown }: Result): string | undefined {
    return shown ? undefined : textOf(status)
  }

  override json({ status: { overdue, problems, locked, ...status } }: Result): unknown {
    return {
      ...status,
      selected: status.selected ?? null,
      ...(overdue.length > 0 && {
        overdue: overdue.map(({ environment, due }) => ({ environment, due: due.toISOString() })),
      }),
      ...(problems.length > 0 && {
        problems: problems.map(({ hint, ...problem }) => ({ ...problem, ...(hint && { hint }) })),
      }),
      ...(locked.length > 0 && { locked }),
    }
  }

  override exitCode({ status, shown }: Result): number {
    return status.problems.length > 0 && !shown ? EXIT.failed : EXIT.done
  }
}

function textOf(status: StoreStatus): string {
  const lines = [
    ['Store', `${status.folder} (${CHOSEN[status.chosen]})`],
    ['Organization', status.organization],
    ['Author', person(status.author)],
    ['Selected', status.selected ?? 'none'],
    ['State', `${status.state} (this machine)`],
    ['Environments', String(status.environments)],
    ...status.unsaved.map(({ name, state }) => ['Not saved', `${name}: ${STATES[state]}`]),
    ...status.unfinished.map((name) => ['Unfinished', `${name}: "esc env rotate ${name} --resume"`]),
    ...status.overdue.map(({ environment, due }) => ['Overdue', `${environment}: ${worded(overdueText(due))}`]),
    ...status.locked.map((name) => ['No key', `${name}: it cannot be opened on this machine`]),
    ...status.problems.flatMap(({ environment, problem, hint }) => [
      ['Problem', `${environment}: ${problem}`],
      ...(hint === undefined ? [] : [['', worded(hint)]]),
    ]),
  ]
  return lines.map(([title, value]) => `${(title === '' ? '' : `${title}:`).padEnd(14)}${value}\n`).join('')
}
