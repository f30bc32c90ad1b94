import { EscError } from '../../errors.ts'
import type { ScheduleRun } from '../records/records.ts'
import type { Statements } from './connection.ts'

interface RunPart {
  /** Id of the environment. */
  readonly id: string
  readonly run: ScheduleRun
  readonly part: 'saved' | 'recorded'
}

/**
 * Keeps that a run of a schedule has saved its revision, or has its line in the history: in the
 * transaction that does so.
 * @throws EscError `already_exists` when another one has. What was recorded is over: nothing is
 *   saved for it any more.
 */
export async function keepRun(statements: Statements, schema: string, { id, run, part }: RunPart): Promise<void> {
  const { schedule, due, attempt } = run
  const open = part === 'saved' ? 'not r.saved and not r.recorded' : 'not r.recorded'
  const kept = await statements.run(
    `insert into ${schema}.schedule_run as r (environment, schedule, due, attempt, ${part}) values ($1, $2, $3, $4, true)
     on conflict (environment, schedule, due, attempt) do update set ${part} = true where ${open} returning 1`,
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
