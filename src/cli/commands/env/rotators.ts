import {
  type CredentialsHeld,
  expandReferences,
  listEnvironments,
  overdueText,
  type RotatorList,
  type RotatorStatus,
  refuseVersion,
  requireEnvironment,
  rotatorStatus,
  type Session,
} from '../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { age } from '../../framework/flags.ts'
import { EXIT } from '../../framework/report-error.ts'
import { formatTime } from '../../framework/revision-text.ts'
import { openLook } from '../../framework/session.ts'
import { UTC_FLAG } from '../../framework/shared-flags.ts'
import { WATCH_FLAGS, watching } from '../../framework/watching.ts'
import { type Cell, dim, green, hasColour, red, tableFor, worded, yellow } from '../../terminal/index.ts'

const flags = {
  'older-than': age({
    description: 'only those not rotated within this time, such as 30d; the exit code is 1 when there are some',
  }),
  ...WATCH_FLAGS,
  ...UTC_FLAG,
  ...OUTPUT_FLAG,
}

interface Result extends RotatorList {
  readonly now: Date
  /** It has been shown already. */
  readonly shown: boolean
}

const HELD: Readonly<Record<CredentialsHeld, string>> = {
  none: 'none yet',
  current: 'current',
  'current-and-previous': 'current, previous',
  unknown: 'kept by the rotator',
}

export default class EnvRotators extends EscCommand<Result, typeof flags> {
  static override id = 'env:rotators'
  static override summary = 'List rotated credentials with their age and last result.'
  static override description =
    `Lists the credentials in your environments that rotators manage: last rotation, its result, the next scheduled run, and the credentials held (none,
the current one, or the current and the previous one; both are valid). Interrupted rotations of this machine are marked. No key is
needed. For the types of rotators that a definition can use, see "esc rotators".

With --older-than, lists only credentials that were not rotated within that time, or never. The exit code is 1 if there are any, so that
a CI job can fail.`
  static override examples = [
    { description: 'All rotators of the store', command: 'esc env rotators' },
    { description: 'In CI: fail when a credential is old', command: "esc env rotators 'rotators/*' --older-than 30d" },
    { description: 'For a script', command: 'esc env rotators --output json' },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = {
    environment: { description: 'the environments, such as rotators/* (default: all)', multiple: true },
  }
  static override count = { kind: 'any' } as const

  async run(): Promise<Result> {
    const shown = await watching(this.io, this.flags, async () => this.#page(await this.#look()))
    return { ...(await this.#look()), shown }
  }

  async #look(): Promise<Omit<Result, 'shown'>> {
    const session = openLook(this.io, this.flags)
    const { result } = await session.perform(rotatorStatus, undefined, await this.#environments(session))
    const { rotators, unreadable, left, warnings } = result
    const now = this.io.now()
    const limit = this.flags['older-than']
    const old = ({ lastRotated }: RotatorStatus) =>
      limit === undefined || lastRotated === undefined || now.getTime() - lastRotated.getTime() > limit * 1000
    return { rotators: rotators.filter(old), unreadable, left, warnings, now }
  }

  /** The names of the environments that the user has named, or else of all that they may see. */
  async #environments(session: Session): Promise<readonly string[]> {
    const typed = this.flags.env === undefined ? this.positionals : [this.flags.env, ...this.positionals]
    if (typed.length === 0) {
      const own = { organization: session.organization, project: undefined }
      return (await session.perform(listEnvironments, undefined, own)).result.environments
    }
    const names = new Set<string>()
    for (const each of typed) {
      for (const found of (await session.perform(expandReferences, undefined, each)).result) {
        const reference = session.reference(found)
        refuseVersion(reference, 'rotators')
        await session.perform(requireEnvironment, reference)
        names.add(reference.name)
      }
    }
    return [...names]
  }

  text(result: Result): string | undefined {
    if (result.shown) return undefined
    for (const warning of warningsOf(result)) this.io.err(`warning: ${warning}\n`)
    return this.#table(result) + failuresText(result)
  }

  /** Returns the text shown while it is watched. */
  #page(result: Omit<Result, 'shown'>): string {
    const time = formatTime(new Date(Math.floor(result.now.getTime() / 1000) * 1000), this.flags.utc)
    const title = this.io.stdoutIsTerminal ? `${time}   Ctrl-C ends` : time
    const rotators = result.rotators.length === 0 ? 'No rotators.\n' : this.#table(result)
    const warnings = warningsOf(result).map((warning) => `warning: ${warning}\n`)
    return `${title}\n\n${rotators}${failuresText(result)}${warnings.join('')}`
  }

  #table({ rotators, now }: Pick<Result, 'rotators' | 'now'>): string {
    const colour = hasColour(this.io, 'stdout')
    const paint = (how: (text: string) => string, text: string): Cell => (colour ? { text, paint: how } : text)
    const time = (date: Date) => formatTime(date, this.flags.utc).slice(0, 'YYYY-MM-DD HH:MM'.length)
    const scheduled = rotators.some(({ nextRun, overdue }) => (nextRun ?? overdue) !== undefined)
    const rows = rotators.map((status) => {
      const { environment, path, rotator, lastRotated, lastResult, credentials, unfinished, nextRun, overdue } = status
      const result = lastResult === 'failed' ? paint(red, 'failed') : paint(green, lastResult ?? '')
      return [
        environment,
        path,
        rotator ?? '?',
        lastRotated === undefined ? paint(dim, credentials === 'none' ? 'never' : 'unknown') : time(lastRotated),
        lastRotated === undefined ? '' : ageText(now.getTime() - lastRotated.getTime()),
        ...(scheduled ? [overdue ? paint(red, 'overdue') : nextRun === undefined ? '' : time(nextRun)] : []),
        unfinished ? paint(yellow, 'interrupted') : result,
        paint(credentials === 'current-and-previous' ? green : String, HELD[credentials]),
      ]
    })
    const next = scheduled ? ['next run'] : []
    return tableFor(
      this.io,
      ['environment', 'path', 'rotator', 'last rotated', 'age', ...next, 'last result', 'credentials'],
      rows,
    )
  }

  override json({ rotators, unreadable, warnings, now }: Result): unknown {
    return {
      rotators: rotators.map(({ lastRotated, lastAttempt, nextRun, overdue, ...rotator }) => ({
        ...rotator,
        rotator: rotator.rotator ?? null,
        lastRotated: lastRotated?.toISOString() ?? null,
        ageSeconds: lastRotated === undefined ? null : Math.floor((now.getTime() - lastRotated.getTime()) / 1000),
        lastAttempt: lastAttempt?.toISOString() ?? null,
        nextRun: nextRun?.toISOString() ?? null,
        ...(overdue && { overdueSince: overdue.toISOString() }),
        lastResult: rotator.lastResult ?? null,
        error: rotator.error ?? null,
      })),
      unreadable,
      ...(warnings.length > 0 && { warnings }),
    }
  }

  override exitCode({ rotators, unreadable }: Result): number {
    if (this.flags.watch) return EXIT.done
    const tooOld = this.flags['older-than'] !== undefined && rotators.length > 0
    return tooOld || unreadable.length > 0 ? EXIT.failed : EXIT.done
  }
}

function failuresText({ rotators }: Pick<Result, 'rotators'>): string {
  const failed = rotators.filter(({ lastResult }) => lastResult === 'failed')
  const lines = failed.map(({ environment, path, error }) => `${environment} ${path}: ${error ?? 'failed'}\n`)
  return lines.length === 0 ? '' : `\nFailed ("esc env rotate ENV --failed" tries again):\n${lines.join('')}`
}

function warningsOf({ rotators, unreadable, left, warnings }: RotatorList): string[] {
  const interrupted = new Set(rotators.filter(({ unfinished }) => unfinished).map(({ environment }) => environment))
  const overdue = new Map(rotators.flatMap((each) => (each.overdue ? [[each.environment, each.overdue]] : [])))
  return [
    ...[...overdue].map(([name, due]) => `${name}: ${worded(overdueText(due))}`),
    ...[...interrupted].map(
      (name) => `${name}: a rotation was interrupted; "esc env rotate ${name} --resume" finishes it`,
    ),
    ...left.map(
      (name) => `${name}: the journal holds a rotation whose rotator is gone; "esc env rotate ${name}" says which`,
    ),
    ...warnings,
    ...unreadable.map(({ environment, problem }) => `${environment}: ${problem}`),
  ]
}

/** The time in its largest unit: `5m`, `3h`, `12d`. */
function ageText(ms: number): string {
  const units = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'm'],
    [1, 's'],
  ] as const
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [size, unit] = units.find(([each]) => seconds >= each) ?? [1, 's']
  return `${Math.floor(seconds / size)}${unit}`
}
