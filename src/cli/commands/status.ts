import {
  findSelection,
  listEnvironments,
  overdueText,
  type Session,
  type StoreStatus,
  storeStatus,
} from '../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../framework/command.ts'
import { EXIT } from '../framework/report-error.ts'
import { person } from '../framework/revision-text.ts'
import { openSession, sessionRequest } from '../framework/session.ts'
import { WATCH_FLAGS, watching } from '../framework/watching.ts'
import { worded } from '../terminal/index.ts'

const flags = { ...WATCH_FLAGS, ...OUTPUT_FLAG }

const CHOSEN = {
  named: 'named by --store or ESC_STORE',
  folder: 'named by .esc.yaml',
  found: 'found from the current folder',
  login: 'chosen with "esc login"',
} as const

const STATES = {
  clean: 'saved',
  stale: 'environment.yaml is behind and will be put right by the next change',
  edited: 'edited by hand: "esc env save" or "esc env discard"',
} as const

/** The status of a store on a server, as far as its clients see it. */
interface ServerStatus {
  readonly server: string
  readonly chosen: StoreStatus['chosen']
  readonly organization: string
  readonly user: string
  readonly selected: string | undefined
  readonly environments: number
}

interface Result {
  readonly status: StoreStatus | ServerStatus
  /** It has been shown already. */
  readonly shown: boolean
}

export default class Status extends EscCommand<Result, typeof flags> {
  static override id = 'status'
  static override summary = 'Show the active store and everything that needs attention.'
  static override description =
    `Shows the current store and why it is used, the author of changes, the selected environment, unsaved changes, interrupted
rotations of this machine, overdue rotations, and environments that cannot be used. No key is needed. The exit code is 1 when there is a
problem. "esc status ENV" and "esc env status" show the state of environments, and "esc check" verifies all files.`
  static override examples = [
    { description: 'Where am I', command: 'esc status' },
    { description: 'For a script', command: 'esc status --output json' },
  ]
  static override flags = flags

  async run(): Promise<Result> {
    // A look at everything asks for no passphrase.
    const unasked = { prompt: undefined, askTrust: undefined, deliver: undefined }
    const look = async () => {
      const session = openSession(this.io, this.flags, unasked)
      const { server } = session
      if (server !== undefined) return this.#ofServer(server, session)
      return (await session.perform(storeStatus, undefined)).result
    }
    const shown = await watching(this.io, this.flags, async () => textOf(await look()))
    return { status: await look(), shown }
  }

  async #ofServer(server: string, session: Session): Promise<ServerStatus> {
    const all = { organization: undefined, project: undefined }
    const { environments } = (await session.perform(listEnvironments, undefined, all)).result
    const { selected } = findSelection(sessionRequest(this.io, this.flags), undefined) ?? {}
    const { organization, chosen } = session
    return {
      server,
      chosen,
      organization,
      user: session.principal().name,
      selected,
      environments: environments.length,
    }
  }

  text({ status, shown }: Result): string | undefined {
    return shown ? undefined : textOf(status)
  }

  override json({ status: given }: Result): unknown {
    if ('server' in given) return { ...given, selected: given.selected ?? null }
    const { overdue, problems, locked, ...status } = given
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
    return 'problems' in status && status.problems.length > 0 && !shown ? EXIT.failed : EXIT.done
  }
}

function textOf(status: StoreStatus | ServerStatus): string {
  const lines = 'server' in status ? linesOfServer(status) : linesOfFolder(status)
  return lines.map(([title = '', value]) => `${(title === '' ? '' : `${title}:`).padEnd(14)}${value}\n`).join('')
}

function linesOfServer({ server, chosen, organization, user, selected, environments }: ServerStatus): Lines {
  return [
    ['Server', `${server} (${chosen === 'named' ? 'named by --store or a variable' : CHOSEN[chosen]})`],
    ['Organization', organization],
    ['User', user],
    ['Selected', selected ?? 'none'],
    ['Environments', String(environments)],
  ]
}

type Lines = readonly (readonly string[])[]

function linesOfFolder(status: StoreStatus): Lines {
  return [
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
}
