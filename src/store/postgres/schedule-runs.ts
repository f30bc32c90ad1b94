import { EscError } from '../../errors.ts'
import type { RunPart, ScheduleRun } from '../records/records.ts'
import type { Statements } from './connection.ts'

interface KeptPart {
  /** Id of the environment. */
  readonly id: string
  readonly run: ScheduleRun
  readonly part: RunPart
}

/** A run that has failed saves nothing, and one that has saved something has not failed. */
const unlessKept: Readonly<Record<RunPart, string>> = {
  saved: 'not (r.saved or r.recorded or r.failed)',
  recorded: 'not r.recorded',
  failed: 'not (r.saved or r.recorded or r.failed)',
}

/**
 * Keeps that a run of a schedule has saved its revision, or has its line in the history: in the
 * transaction that does so.
 * @throws EscError `already_exists` when another one has.
 */
export async function keepRun(statements: Statements, schema: string, { id, run, part }: KeptPart): Promise<void> {
  const { schedule, due, attempt } = run
  const kept = await statements.run(
    `insert into ${schema}.schedule_run as r (environment, schedule, due, attempt, ${part}) values ($1, $2, $3, $4, true)
     on conflict (environment, schedule, due, attempt) do update set ${part} = true where ${unlessKept[part]} returning 1`,
    [id, schedule, due, attempt],
  )
  if (kept.length > 0) return
  throw new EscError('already_exists', `the run of ${schedule} due ${due} was ${part} by another process`, {
    hint: 'nothing is to be done: what this one has begun is in the journal, and is finished or undone',
  })
}

/** Removes what nobody asks for any more: revisions and histories tell of older runs. */
export async function forgetOldRuns(statements: Statements, schema: string): Promise<void> {
  await statements.run(`delete from ${schema}.schedule_run where at < now() - interval '400 days'`)
}
