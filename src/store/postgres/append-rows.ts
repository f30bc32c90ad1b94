import type { OutboxEvent } from '../records/outbox-records.ts'
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
import type { Bytes } from './tree.ts'

/** The rows that a transaction adds to an environment of which it changes nothing else. */
export interface AddedRows {
  readonly before: KeptEnvironment
  readonly files: EnvironmentFiles
  /** Paths of the files that differ. */
  readonly paths: ReadonlySet<string>
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
export function addedRows(
  before: KeptEnvironment,
  files: EnvironmentFiles,
  paths: ReadonlySet<string>,
): AddedRows | undefined {
  const revisions: [number, Bytes][] = []
  const events: { kind: string; number: number; line: string }[] = []
  for (const path of paths) {
    const [old, now] = [before.files.get(path), files.get(path)]
    if (path === definitionFile || (old !== undefined && now !== undefined && equal(old, now))) continue
    const number = revisionNumberOf(path)
    const kind = eventKindOf(path)
    if (now === undefined) return undefined
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
  requireNewestDefinition(before.place, files, newest)
  return { before, files, paths, newest, revisions, events }
}

/** Lines that were added at the end of a file. `undefined`: it differs in more. */
function addedLines(old: Bytes | undefined, now: Bytes): { from: number; lines: readonly string[] } | undefined {
  const before = old === undefined ? [] : linesOf(old)
  const lines = linesOf(now)
  if (before.some((line, index) => line !== lines[index])) return undefined
  return { from: before.length, lines: lines.slice(before.length) }
}

/** One statement with its values, and what the environment is once it has changed a row. */
export interface RowsStatement {
  readonly statement: string
  readonly values: readonly unknown[]
  readonly written: KeptEnvironment
}

/**
 * Returns the statement that adds rows to an environment. It returns one row; none where somebody
 * else has changed the environment meanwhile: then it changes nothing, and keeps no token. It sets
 * its own limits, since it may be sent without a transaction around it.
 *
 * @param token of the transaction, for the table `committed`.
 */
export function addingStatement(
  schema: string,
  {
    token,
    rows,
    told = [],
  }: { readonly token: string; readonly rows: AddedRows; readonly told?: readonly OutboxEvent[] },
): RowsStatement {
  const { before, files, newest, revisions, events } = rows
  const version = before.version + 1
  const statement = `with limits as (
       select set_config('lock_timeout', '${lockTimeout}', true), set_config('synchronous_commit', 'on', true)
     ),
     head as (
       update ${schema}.environment set newest = $4, version = $3, changed = pg_current_xact_id()
       from limits where id = $2 and version = $3 - 1 returning id
     ),
     begun as (insert into ${schema}.committed (token) select $1::uuid from head),
     revisions as (
       insert into ${schema}.revision (environment, number, content)
       select head.id, r.number, r.content from head, unnest($5::int[], $6::bytea[]) as r (number, content)
     ),
     events as (
       insert into ${schema}.event (environment, kind, number, line, version)
       select head.id, r.kind, r.number, r.line, $3
       from head, unnest($7::text[], $8::int[], $9::text[]) as r (kind, number, line)
     ),
     told as (
       insert into ${schema}.webhook_event (id, environment, happened, content)
       select r.id, r.environment, true, r.content
       from head, unnest($10::text[], $11::text[], $12::text[]) as r (id, environment, content)
     )
     select id from head`
  const values = [
    token,
    before.id,
    version,
    newest,
    revisions.map(([number]) => number),
    revisions.map(([, content]) => Buffer.from(content.buffer, content.byteOffset, content.byteLength)),
    events.map(({ kind }) => kind),
    events.map(({ number }) => number),
    events.map(({ line }) => line),
    told.map(({ id }) => id),
    told.map(({ environment }) => environment),
    told.map(({ content }) => content),
  ]
  return { statement, values, written: { ...before, version, newest, files } }
}
