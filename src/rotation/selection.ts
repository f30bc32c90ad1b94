import { EscError } from '../errors.ts'
import { listRotators, parseEnvironment } from '../language/index.ts'
import { rich, step } from '../rich-text.ts'
import { nearest } from '../suggestion.ts'
import { formatPropertyPath, type PropertyPath, parsePropertyPath } from '../yaml/index.ts'
import type { JournalEntry } from './journal-entry.ts'
import type { RotationMode } from './report.ts'

type ParsedEnvironment = Parameters<typeof listRotators>[0]

/** One `fn::rotate` call that this run deals with. */
export interface SelectedCall {
  /** Document path of the call, such as `values.db`. */
  readonly path: string
  /** The same as the user writes it, relative to `values`: `db`. */
  readonly shown: string
  /** Name of the rotator. */
  readonly rotator: string
  /** The record that an earlier run left behind at this path. */
  readonly leftover: JournalEntry | undefined
  /** True to rotate it; false only to reconcile the leftover. */
  readonly begin: boolean
}

export interface Selection {
  readonly calls: readonly SelectedCall[]
  /** Records in the journal whose rotator is no longer at their path. */
  readonly orphans: readonly JournalEntry[]
}

/**
 * Decides which calls a run deals with. What an earlier run left behind is always among
 * them: the first thing a rotation does is to reconcile. Throws, before anything has happened,
 * when a path names no rotator.
 */
export function selectCalls(options: {
  readonly environment: ParsedEnvironment
  readonly name: string
  readonly mode: RotationMode
  /** Relative to `values`; empty: all. */
  readonly paths: readonly PropertyPath[]
  /** Shown paths of the last runs' failures, for mode `failed`. */
  readonly failed: readonly string[]
  readonly journal: readonly JournalEntry[]
}): Selection {
  const { name, mode, paths, failed, journal } = options
  const calls = listRotators(options.environment).flatMap(({ path, provider }) =>
    provider === undefined ? [] : [{ path, shown: shownPath(path), rotator: provider }],
  )
  if (calls.length === 0 && journal.length === 0) {
    throw new EscError('not_found', `Environment '${name}' has no rotators`, {
      hint: 'add one with fn::rotate::<rotator>, such as fn::rotate::password: {inputs: {}}',
    })
  }
  const known = new Set(calls.map((call) => call.shown))
  // A path that failed and was edited away since is nothing to retry.
  const wanted =
    mode === 'failed' ? failed.filter((path) => known.has(path)) : paths.map((path) => formatPropertyPath(path))
  for (const path of mode === 'resume' ? [] : wanted) {
    if (!known.has(path)) throw unmatched(name, path, [...known])
  }
  const leftovers = new Map(journal.map((entry) => [entry.path, entry]))
  const begins = (shown: string) =>
    mode === 'resume' || mode === 'retarget'
      ? false
      : mode === 'failed' || wanted.length > 0
        ? wanted.includes(shown)
        : true
  const selected = calls.flatMap((call): SelectedCall[] => {
    const entry = leftovers.get(call.path)
    const leftover = entry?.rotator === call.rotator ? entry : undefined
    const begin = begins(call.shown)
    if (entry && !leftover && begin) throw occupied(name, call.shown, entry)
    if (mode === 'retarget') return leftover && wanted.includes(call.shown) ? [{ ...call, leftover, begin }] : []
    return begin || leftover ? [{ ...call, leftover, begin }] : []
  })
  const placed = new Set(selected.map((call) => call.leftover))
  return { calls: selected, orphans: journal.filter((entry) => !placed.has(entry)) }
}

/** Name of the rotator at a document path of a definition. Undefined: there is none. */
export function rotatorAt(name: string, definition: string, path: string): string | undefined {
  const { environment } = parseEnvironment(name, definition)
  return environment && listRotators(environment).find((call) => call.path === path)?.provider
}

/** `values.a["b.c"]` as the user writes it: `a["b.c"]`. */
export function shownPath(documentPath: string): string {
  return formatPropertyPath(parsePropertyPath(documentPath).slice(1))
}

function unmatched(name: string, path: string, known: readonly string[]): EscError {
  const near = nearest(path, known)
  return new EscError('not_found', `'${path}' names no rotator of environment '${name}'`, {
    hint: near ? `did you mean '${near}'?` : `its rotators are at: ${known.join(', ')}`,
  })
}

/** Staging at this path would overwrite the only record of another rotator's credential. */
function occupied(environment: string, path: string, entry: JournalEntry): EscError {
  return new EscError(
    'rotation_failed',
    `${path}: the journal still holds an interrupted rotation by ${entry.rotator}, which is no longer at this path`,
    {
      hint: rich`put the ${entry.rotator} rotator back (${step('look where it was', { do: 'show-history' })}) and ${step('finish the rotation', { do: 'resume-rotation', environment })}; if it is gone for good, ${step('give the record up', { do: 'forget-record', environment, path })}`,
    },
  )
}
