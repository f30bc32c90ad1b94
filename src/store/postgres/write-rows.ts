import type { Statements } from './connection.ts'
import { type EnvironmentFiles, type EnvironmentRows, equal, type KeptEnvironment, rowsOf } from './rows.ts'
import { type Bytes, buffer } from './tree.ts'

/** One environment before and after a transaction: as it is kept, and as it is to be. */
interface EnvironmentChange {
  readonly before: KeptEnvironment | undefined
  readonly after: { readonly place: string; readonly files: EnvironmentFiles } | undefined
}

/** An environment as a transaction has kept it, or the id of one that is gone. */
export type KeptChange = { readonly kept: KeptEnvironment } | { readonly gone: string }

/**
 * Writes what a transaction has made of an environment. Undefined: somebody else has changed it
 * meanwhile.
 */
export async function writeEnvironmentRows(
  statements: Statements,
  schema: string,
  { before, after }: EnvironmentChange,
): Promise<KeptChange | undefined> {
  if (after === undefined) {
    if (before === undefined) throw new Error('an environment that was not there is to go')
    return endEnvironment(statements, schema, before)
  }
  const rows = rowsOf(after.place, after.files)
  const old = before === undefined ? undefined : rowsOf(before.place, before.files)
  const differences = compare(old, rows)
  const version = (before?.version ?? 0) + 1
  const generation = (before?.generation ?? 0) + (differences.onlyAdds ? 0 : 1)
  const kept = { id: rows.id, place: after.place, version, generation, newest: rows.newest, files: after.files }
  const head = [rows.id, after.place, rows.settings, rows.newest, version, generation]
  const done =
    before === undefined
      ? await statements.run(
          // One that was taken back has left its row.
          `insert into ${schema}.environment as e (id, place, settings, newest, version, generation, changed)
           values ($1, $2, $3, $4, $5, $6, pg_current_xact_id())
           on conflict (id) do update set place = excluded.place, settings = excluded.settings,
             newest = excluded.newest, version = e.version + 1, generation = e.generation + 1, changed = excluded.changed
             where e.place is null
           returning version, generation`,
          head,
        )
      : await statements.run(
          `update ${schema}.environment set place = $2, settings = $3, newest = $4, version = $5, generation = $6,
             changed = pg_current_xact_id() where id = $1 and version = $5 - 1 returning version, generation`,
          head,
        )
  const [row] = done
  if (row === undefined) return undefined
  const written = { ...kept, version: row.version as number, generation: row.generation as number }
  await writeParts(statements, schema, written, differences)
  return { kept: written }
}

/** Its row stays, so that replicas hear of it. */
async function endEnvironment(
  statements: Statements,
  schema: string,
  { id, version }: KeptEnvironment,
): Promise<KeptChange | undefined> {
  const ended = await statements.run(
    `update ${schema}.environment set place = null, version = version + 1, generation = generation + 1,
       changed = pg_current_xact_id() where id = $1 and version = $2 returning id`,
    [id, version],
  )
  if (ended.length === 0) return undefined
  for (const table of ['revision', 'event', 'environment_file']) {
    await statements.run(`delete from ${schema}.${table} where environment = $1`, [id])
  }
  return { gone: id }
}

interface Differences {
  /** True when revisions and events were added at the end, and none was changed or removed. */
  readonly onlyAdds: boolean
  readonly revisions: ReadonlyMap<number, Bytes>
  readonly goneRevisions: readonly number[]
  readonly events: readonly { readonly kind: string; readonly number: number; readonly line: string }[]
  readonly files: ReadonlyMap<string, Bytes | null>
}

function compare(before: EnvironmentRows | undefined, after: EnvironmentRows): Differences {
  const revisions = new Map<number, Bytes>()
  let onlyAdds = true
  for (const [number, content] of after.revisions) {
    const old = before?.revisions.get(number)
    if (old !== undefined && equal(old, content)) continue
    if (old !== undefined || number <= (before?.newest ?? 0)) onlyAdds = false
    revisions.set(number, content)
  }
  const goneRevisions = [...(before?.revisions.keys() ?? [])].filter((number) => !after.revisions.has(number))
  if (goneRevisions.length > 0) onlyAdds = false
  const events = []
  for (const kind of new Set([...(before?.events.keys() ?? []), ...after.events.keys()])) {
    const [old, now] = [before?.events.get(kind) ?? [], after.events.get(kind) ?? []]
    if (old.some((line, index) => line !== now[index])) onlyAdds = false
    events.push(...now.map((line, index) => ({ kind, number: index + 1, line })).slice(onlyAdds ? old.length : 0))
  }
  const files = new Map<string, Bytes | null>()
  for (const [path, content] of after.others) {
    const old = before?.others.get(path)
    if (old === undefined || !equal(old, content)) files.set(path, content)
  }
  for (const path of before?.others.keys() ?? []) if (!after.others.has(path)) files.set(path, null)
  if (onlyAdds) return { onlyAdds, revisions, goneRevisions, events, files }
  const all = [...after.events].flatMap(([kind, lines]) =>
    lines.map((line, index) => ({ kind, number: index + 1, line })),
  )
  return { onlyAdds, revisions, goneRevisions, events: all, files }
}

async function writeParts(
  statements: Statements,
  schema: string,
  { id, version }: KeptEnvironment,
  { onlyAdds, revisions, goneRevisions, events, files }: Differences,
): Promise<void> {
  if (goneRevisions.length > 0) {
    await statements.run(`delete from ${schema}.revision where environment = $1 and number = any($2::int[])`, [
      id,
      goneRevisions,
    ])
  }
  if (revisions.size > 0) {
    await statements.run(
      `insert into ${schema}.revision (environment, number, content)
       select $1, r.number, r.content from unnest($2::int[], $3::bytea[]) as r (number, content)
       on conflict (environment, number) do update set content = excluded.content`,
      [id, [...revisions.keys()], [...revisions.values()].map(buffer)],
    )
  }
  if (!onlyAdds) await statements.run(`delete from ${schema}.event where environment = $1`, [id])
  if (events.length > 0) {
    await statements.run(
      `insert into ${schema}.event (environment, kind, number, line, version)
       select $1, r.kind, r.number, r.line, $5 from unnest($2::text[], $3::int[], $4::text[]) as r (kind, number, line)`,
      [id, events.map(({ kind }) => kind), events.map(({ number }) => number), events.map(({ line }) => line), version],
    )
  }
  if (files.size > 0) {
    await statements.run(
      `insert into ${schema}.environment_file (environment, path, content, version)
       select $1, r.path, r.content, $4 from unnest($2::text[], $3::bytea[]) as r (path, content)
       on conflict (environment, path) do update set content = excluded.content, version = excluded.version`,
      [id, [...files.keys()], [...files.values()].map((content) => content && buffer(content)), version],
    )
  }
}

/** Writes files of the store as a whole, and returns its new version. */
export async function writeStoreFiles(
  statements: Statements,
  schema: string,
  files: ReadonlyMap<string, Bytes | undefined>,
): Promise<number> {
  const kept = [...files].flatMap(([path, content]) => (content === undefined ? [] : [[path, content] as const]))
  const gone = [...files].flatMap(([path, content]) => (content === undefined ? [path] : []))
  if (gone.length > 0) await statements.run(`delete from ${schema}.store_file where path = any($1::text[])`, [gone])
  if (kept.length > 0) {
    await statements.run(
      `insert into ${schema}.store_file (path, content)
       select r.path, r.content from unnest($1::text[], $2::bytea[]) as r (path, content)
       on conflict (path) do update set content = excluded.content`,
      [kept.map(([path]) => path), kept.map(([, content]) => buffer(content))],
    )
  }
  const [row] = await statements.run(`update ${schema}.store set version = version + 1 returning version`)
  return row?.version as number
}
