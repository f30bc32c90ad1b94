import { join } from 'node:path'
import { EscError, hintOf, messageOf } from '../../errors.ts'
import { listIfPresent, readIfPresent, temporaryPrefix } from '../../files/index.ts'
import type { DataKey } from '../../keys/index.ts'
import { present } from '../../present.ts'
import { rich, step, type Text } from '../../rich-text.ts'
import { isAhead, readTimestamp } from '../../timestamp.ts'
import { editHint } from '../edit-hint.ts'
import { type EnvironmentContext, restoreHint } from '../environment-context.ts'
import { hasConflictMarkers } from '../git/conflict-markers.ts'
import { type ForeignJournalEntry, RotationJournal } from '../journal/journal.ts'
import { EnvironmentKey } from '../keys/environment-key.ts'
import { Seals } from '../keys/seals.ts'
import { layout } from '../layout.ts'
import { tombstonePath } from '../removed.ts'
import { eventArchiveNamed } from '../revisions/archive/packed-events.ts'
import { History } from '../revisions/history.ts'
import { WorkingDefinition } from '../revisions/working-definition.ts'
import { keyedFields, type Settings } from '../settings/settings.ts'
import { SettingsFile } from '../settings/settings-file.ts'
import { checkEventArchives } from './check-archives.ts'
import { checkRevisions, type FindPlaintext } from './check-revisions.ts'
import { checkVersions } from './check-versions.ts'
import { described, type Finding, type ReportFinding } from './finding.ts'

export interface CheckedEnvironment {
  readonly findings: readonly Finding[]
  /** `undefined` when the settings cannot be read. */
  readonly id: string | undefined
  readonly revisions: number
  /** True when every seal could be checked. */
  readonly verified: boolean
}

/** Everything that can be said about one environment. Changes nothing. */
export async function checkEnvironment(
  context: EnvironmentContext,
  { useKeys, findPlaintext }: { readonly useKeys: boolean; readonly findPlaintext?: FindPlaintext },
): Promise<CheckedEnvironment> {
  const findings: Finding[] = []
  const report: ReportFinding = (finding) => findings.push({ fixable: false, environment: context.name, ...finding })
  const settingsFile = new SettingsFile(context)
  const history = new History(context, settingsFile)
  const seals = new Seals(context, history, settingsFile)
  const keys = new EnvironmentKey(context, { settings: settingsFile, history, seals })

  const merged = reportMerge(context, report)
  const settings = attempt(report, layout.settings(context.folder), () => settingsFile.read(), merged)
  const key = settings && (await openKey(settings, { keys, seals, useKeys, report }))
  const revisions = checkRevisions(context, { settings, key, merged, findPlaintext, report })
  const { last } = revisions
  if (settings !== undefined && last !== undefined) {
    attempt(report, last.file, () => history.refuseUnpromised(last, settings), merged)
  }
  if (settings !== undefined) {
    if (settings.wrappedDataKey === undefined) checkKeyless(settings, revisions.sealed, report)
    checkVersions(settings, revisions.newest, report)
    await checkJournal(context, settings, { key, keys }, report)
    if (findings.every(({ severity }) => severity !== 'error')) {
      attempt(report, settings.file, () => history.newest())
      checkDefinition(context.name, { working: new WorkingDefinition(context, history), history }, report)
    }
  }
  checkFiles(context, merged, report)
  checkEventArchives(context, report)
  checkEventTimes(context, report)
  const sealed = settings?.wrappedDataKey !== undefined
  return {
    findings,
    id: settings?.id,
    revisions: revisions.count,
    verified: settings !== undefined && (!sealed || key !== undefined),
  }
}

/** Files of the environment that hold both sides of a merge: one finding for all of them. */
function reportMerge(context: EnvironmentContext, report: ReportFinding): boolean {
  const { files } = context.host
  const { folder, name } = context
  const inFolder = (sub: string) => listIfPresent(files, join(folder, sub)).map((entry) => join(sub, entry))
  const candidates = ['settings.yaml', 'environment.yaml', ...inFolder('revisions'), ...inFolder('events')]
  const conflicted = candidates.filter((file) => {
    const bytes = readIfPresent(files, join(folder, file))
    return (
      bytes !== undefined && Buffer.from(bytes).includes('<<<<<<<') && hasConflictMarkers(Buffer.from(bytes).toString())
    )
  })
  if (conflicted.length === 0) return false
  const numbers = conflicted.flatMap((file) => /^revisions.(\d+)\.yaml$/.exec(file)?.[1] ?? [])
  const both = numbers.length === 0 ? '' : `: both sides made revision ${numbers.join(', ')}`
  report({
    severity: 'error',
    kind: 'merge_conflict',
    file: join(folder, present(conflicted[0])),
    problem: `environment '${name}' is in the middle of a git merge (${conflicted.join(', ')})${both}`,
    remedy: rich`${step('put the revisions of one side after those of the other, and merge the definitions,', { do: 'renumber-revisions', environment: name })}`,
  })
  return true
}

async function openKey(
  settings: Settings,
  checking: { keys: EnvironmentKey; seals: Seals; useKeys: boolean; report: ReportFinding },
): Promise<DataKey | undefined> {
  if (settings.wrappedDataKey === undefined) return undefined
  const { file } = settings
  const unverified = (reason: string, remedy: Text) =>
    checking.report({
      severity: 'note',
      kind: 'not_verified',
      file,
      problem: `the seals could not be checked: ${reason}`,
      remedy,
    })
  if (!checking.useKeys) {
    unverified('no key was to be used', 'check again with the key')
    return undefined
  }
  let key: DataKey
  try {
    key = await checking.keys.unwrapped()
  } catch (error) {
    if (error instanceof EscError && (error.code === 'tampered' || error.code === 'store_damaged')) {
      checking.report({ severity: 'error', ...described(error, file) })
    } else {
      unverified(messageOf(error), hintOf(error) || 'check again with the key')
    }
    return undefined
  }
  attempt(checking.report, file, () => checking.seals.verifySettings(settings, key))
  return key
}

function checkKeyless(settings: Settings, sealed: boolean, report: ReportFinding): void {
  const field = keyedFields.find((name) => settings.get(name) !== undefined)
  const { file } = settings
  const tampered = (problem: string) =>
    report({ severity: 'error', kind: 'tampered', file, problem, remedy: restoreHint })
  if (sealed) tampered('there are sealed revisions, but the settings have no wrappedDataKey')
  else if (field !== undefined) tampered(`the settings have ${field}, and no key that vouches for them`)
}

async function checkJournal(
  context: EnvironmentContext,
  settings: Settings,
  { key, keys }: { key: DataKey | undefined; keys: EnvironmentKey },
  report: ReportFinding,
): Promise<void> {
  const { name, state, host, records } = context
  const existingKey = () => keys.existing()
  const journal = new RotationJournal({
    host,
    records: records.journal(settings.id),
    state,
    id: settings.id,
    environment: name,
    createKey: existingKey,
    existingKey,
  })
  const { folder } = journal
  let count = journal.ids().length
  if (count === 0) return
  let damage: unknown
  if (key !== undefined) {
    try {
      const { records: own, foreign } = await journal.look()
      count = own.length
      for (const entry of foreign) reportForeign(entry, report)
    } catch (error) {
      damage = error
    }
  }
  if (count > 0) {
    report({
      severity: 'warning',
      kind: 'unfinished_rotation',
      file: folder,
      problem: `a rotation is unfinished: its journal holds ${count} ${count === 1 ? 'entry' : 'entries'}`,
      remedy: rich`${step('finish it', { do: 'rotate', environment: name, paths: [] })}`,
    })
  }
  if (damage !== undefined) report({ severity: 'error', ...described(damage, folder) })
}

function reportForeign({ file, store, environment }: ForeignJournalEntry, report: ReportFinding): void {
  const whose = environment === undefined ? 'another environment' : `environment '${environment}' of ${store}`
  report({
    severity: 'warning',
    kind: 'foreign_journal',
    file,
    problem: `a journal entry of ${whose}, which has the same id and another data key, is left alone`,
    remedy:
      'finish the rotation in that store; if it is gone, keep the file elsewhere, for it may hold the only copy of a credential',
  })
}

function checkDefinition(
  name: string,
  { working, history }: { readonly working: WorkingDefinition; readonly history: History },
  report: ReportFinding,
): void {
  let state: ReturnType<WorkingDefinition['state']>
  try {
    state = working.state(history.newest())
  } catch {
    return
  }
  if (state === 'stale') {
    report({
      severity: 'note',
      kind: 'stale_definition',
      file: working.file,
      problem: 'environment.yaml is one revision behind, as after a crash',
      remedy: rich`leave it to the next change, or ${step('put it right', { do: 'repair-store' })}`,
      fixable: true,
    })
  } else if (state === 'edited') {
    report({
      severity: 'warning',
      kind: 'unsaved_edit',
      file: working.file,
      problem: 'environment.yaml was edited by hand and is not saved: commands use the newest revision',
      remedy: editHint(name, 'the edit'),
    })
  }
}

function checkFiles(context: EnvironmentContext, merged: boolean, report: ReportFinding): void {
  const { files } = context.host
  for (const name of listIfPresent(files, context.folder)) {
    const path = join(context.folder, name)
    if (!name.startsWith(temporaryPrefix) && path !== tombstonePath(context.folder)) continue
    const problem = 'an interrupted operation has left this file'
    report({
      severity: 'note',
      kind: 'leftover',
      file: path,
      problem,
      remedy: rich`${step('remove it', { do: 'repair-store' })}`,
      fixable: true,
    })
  }
  for (const file of eventFiles(context)) {
    const lines = Buffer.from(readIfPresent(files, file) ?? [])
      .toString()
      .split('\n')
    const bad = lines.findIndex((line) => line !== '' && !isJson(line))
    if (bad === -1 || merged) continue
    const cut = bad === lines.length - 1
    report({
      severity: 'note',
      kind: 'torn_event',
      file,
      problem: `line ${bad + 1} ${cut ? 'was cut short, as by a crash' : 'is not an event'}: readers leave it out`,
      remedy: cut ? 'the next event closes it' : 'remove the line',
    })
  }
}

/**
 * Whoever once had a clock set ahead leaves events that no reader believes; so does whoever
 * wants to stop a schedule.
 */
function checkEventTimes(context: EnvironmentContext, report: ReportFinding): void {
  const { files, now } = context.host
  for (const file of eventFiles(context)) {
    const lines = Buffer.from(readIfPresent(files, file) ?? [])
      .toString()
      .split('\n')
    const found = lines.flatMap((line, index) => {
      const time = timesOf(line).find((each) => isAhead(each, new Date(now())))
      return time === undefined ? [] : [{ line: index + 1, time }]
    })
    const [first] = found
    if (first === undefined) continue
    const more = found.length === 1 ? '' : ` and ${found.length - 1} more`
    report({
      severity: 'warning',
      kind: 'future_time',
      file,
      problem: `line ${first.line}${more} is dated ${first.time.toISOString()}, in the future: readers ignore it`,
      remedy: 'see whether a clock was set ahead, or who wrote it (git log), and remove the line',
    })
  }
}

/** The files of events; archives are checked on their own. */
function eventFiles({ host, folder }: EnvironmentContext): string[] {
  const events = join(folder, 'events')
  const names = listIfPresent(host.files, events).filter((name) => eventArchiveNamed(name) === undefined)
  return names.map((name) => join(events, name))
}

function timesOf(line: string): Date[] {
  if (!isJson(line)) return []
  const event: unknown = JSON.parse(line)
  if (typeof event !== 'object' || event === null) return []
  const { created, executed, completed, due } = event as Record<string, unknown>
  return [created, executed, completed, due].flatMap((time) => readTimestamp(time) ?? [])
}

/**
 * Undefined, and a finding, when it throws. `known`: what is wrong with the
 * file has been said already.
 */
function attempt<T>(report: ReportFinding, file: string, run: () => T, known = false): T | undefined {
  try {
    return run()
  } catch (error) {
    if (!known) report({ severity: 'error', ...described(error, file) })
    return undefined
  }
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}
