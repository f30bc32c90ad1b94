import type { OutboxEvent } from '../records/outbox-records.ts'
import { LayeredFiles, withFiles } from './layered-files.ts'
import { lockTimeout } from './limits.ts'
import {
  definitionFile,
  type EnvironmentFiles,
  equal,
  eventKindOf,
  type KeptEnvironment,
  linesOf,
  requireNewestDefinition,
  revisionNumberOf,
} from './rows.ts'
import { type Bytes, buffer } from './tree.ts'

/** The rows that a transaction adds to an environment of which it changes nothing else. */
export interface AddedRows {
  readonly before: KeptEnvironment
  /** The files that differ, by their paths. */
  readonly changed: EnvironmentFiles
  readonly newest: number
  readonly revisions: readonly (readonly [number, Bytes])[]
  readonly events: readonly { readonly kind: string; readonly number: number; readonly line: string }[]
}

/**
 * Returns the rows that are added by a change of some files. `undefined`: it changes or removes
 * something, so the whole environment is to be compared. It takes no longer for a long history.
 *
 * @throws EscError as `rowsOf`.
 */
export function addedRows(before: KeptEnvironment, changed: EnvironmentFiles): AddedRows | undefined {
  const revisions: [number, Bytes][] = []
  const events: { kind: string; number: number; line: string }[] = []
  for (const [path, now] of changed) {
    const old = before.files.get(path)
    if (path === definitionFile || (old !== undefined && equal(old, now))) continue
    const number = revisionNumberOf(path)
    const kind = eventKindOf(path)
    if (number !== undefined) {
      if (old !== undefined || number <= before.newest) return undefined
      revisions.push([number, now])
    } else if (kind !== undefined) {
      const added = addedLines(old, now)
      if (added === undefined) return undefined
      events.push(...added.lines.map((line, index) => ({ kind, number: added.from + index + 1, line })))
    } else return undefined
  }
  const newest = Math.max(before.newest, ...revisions.map(([number]) => number))
  requireNewestDefinition(before.place, new LayeredFiles(before.files, changed), newest)
  return { before, changed, newest, revisions, events }
}

/** Lines that were added at the end of a file. `undefined`: it differs in more. */
function addedLines(old: Bytes | undefined, now: Bytes): { from: number; lines: readonly string[] } | undefined {
  const before = old === undefined ? [] : linesOf(old)
  const lines = linesOf(now)
  if (before.some((line, index) => line !== lines[index])) return undefined
  return { from: before.length, lines: lines.slice(before.length) }
}

/** Rows that are added to one environment, and what goes with them. */
export interface Addition {
  /** A value of its own, by which the table `committed` tells whether the rows were kept. */
  readonly token: string
  readonly rows: AddedRows
  readonly told?: readonly OutboxEvent[]
}

/** One statement with its values. */
export interface RowsStatement {
  readonly statement: string
  readonly values: readonly unknown[]
}

/**
 * Returns the statement that adds rows to environments. It returns the token of each addition that
 * it has kept. Where somebody else has changed an environment meanwhile, or is changing it, it
 * keeps nothing of that one and waits for nobody. It sets its own limits, since it may be sent
 * without a transaction around it.
 */
export function addingStatement(schema: string, additions: readonly Addition[]): RowsStatement {
  const values: unknown[] = []
  /** Rows of which each column is one value of the statement: a list. */
  const rows = (columns: Readonly<Record<string, readonly [type: string, items: readonly unknown[]]>>) => {
    const lists = Object.values(columns).map(([type, items]) => `$${values.push(items)}::${type}[]`)
    return `unnest(${lists.join(', ')}) as r (${Object.keys(columns).join(', ')})`
  }
  const parts = [
    `limits as (
       select set_config('lock_timeout', '${lockTimeout}', true), set_config('synchronous_commit', 'on', true)
     )`,
    `free as (
       select e.id, r.token, r.version, r.newest
       from limits, ${rows({
         token: ['uuid', additions.map(({ token }) => token)],
         id: ['text', additions.map(({ rows }) => rows.before.id)],
         version: ['int', additions.map(({ rows }) => rows.before.version + 1)],
         newest: ['int', additions.map(({ rows }) => rows.newest)],
       })}
       join ${schema}.environment e on e.id = r.id and e.version = r.version - 1
       for no key update of e skip locked
     )`,
    `head as (
       update ${schema}.environment e set newest = free.newest, version = free.version, changed = pg_current_xact_id()
       from free where e.id = free.id and e.version = free.version - 1 returning e.id, e.version, free.token
     )`,
    `begun as (insert into ${schema}.committed (token) select token from head)`,
  ]
  const revisions = each(additions, ({ rows }) => rows.revisions)
  if (revisions.length > 0) {
    parts.push(`revisions as (
       insert into ${schema}.revision (environment, number, content) select head.id, r.number, r.content
       from head join ${rows({
         token: ['uuid', revisions.map(({ token }) => token)],
         number: ['int', revisions.map(({ item: [number] }) => number)],
         content: ['bytea', revisions.map(({ item: [, content] }) => buffer(content))],
       })} using (token)
     )`)
  }
  const events = each(additions, ({ rows }) => rows.events)
  if (events.length > 0) {
    parts.push(`events as (
       insert into ${schema}.event (environment, kind, number, line, version)
       select head.id, r.kind, r.number, r.line, head.version
       from head join ${rows({
         token: ['uuid', events.map(({ token }) => token)],
         kind: ['text', events.map(({ item }) => item.kind)],
         number: ['int', events.map(({ item }) => item.number)],
         line: ['text', events.map(({ item }) => item.line)],
       })} using (token)
     )`)
  }
  const told = each(additions, ({ told = [] }) => told)
  if (told.length > 0) {
    parts.push(`told as (
       insert into ${schema}.webhook_event (id, environment, happened, content)
       select r.id, r.environment, true, r.content
       from head join ${rows({
         token: ['uuid', told.map(({ token }) => token)],
         id: ['text', told.map(({ item }) => item.id)],
         environment: ['text', told.map(({ item }) => item.environment)],
         content: ['text', told.map(({ item }) => item.content)],
       })} using (token)
     )`)
  }
  return { statement: `with ${parts.join(', ')} select token from head`, values }
}

/** Returns the environment as it is once the rows are kept. */
export function withAdded({ before, changed, newest }: AddedRows): KeptEnvironment {
  return { ...before, version: before.version + 1, newest, files: withFiles(before.files, changed) }
}

function each<T>(additions: readonly Addition[], of: (addition: Addition) => readonly T[]) {
  return additions.flatMap((addition) => of(addition).map((item) => ({ token: addition.token, item })))
}
