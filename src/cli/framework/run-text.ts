import type { RunOutcome } from '../../operations/index.ts'
import { scheduleTime } from './schedule-text.ts'

/** One run of a schedule, on a line: what became of it, for which instant, and what comes of it. */
export function runLine({
  environment,
  result,
  revision,
  due,
  attempt,
  missed,
  error,
  retryAt,
  failed,
}: RunOutcome): string {
  const which = [
    `due ${scheduleTime(due, true)}`,
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
    ...(missed > 0 ? [`${missed} before it missed`] : []),
  ].join(', ')
  const saved = revision === undefined ? '' : `, revision ${revision}`
  const again = retryAt === undefined ? '' : `; again at ${scheduleTime(retryAt, true)}`
  const why = error ?? failed.map((path) => `${path.path}: ${path.error}`).join('; ')
  switch (result) {
    case 'succeeded':
      return `${environment}: rotated${saved} (${which})`
    case 'recovered':
      return `${environment}: had been rotated by a run that was cut off${saved} (${which})`
    case 'partial':
      return `${environment}: rotated in part${saved} (${which}): ${why}${again}`
    case 'failed':
      return `${environment}: failed${saved} (${which}): ${why}${again}`
    case 'deferred':
      return `${environment}: waits until ${scheduleTime(retryAt, true)} (${which}): ${why}`
    case 'interrupted':
      return `${environment}: interrupted (${which}); it goes on at the next start`
  }
}

/** For scripts. */
export function runJson({ due, retryAt, revision, ...run }: RunOutcome): unknown {
  return {
    ...run,
    due: due.toISOString(),
    ...(revision === undefined ? {} : { revision }),
    ...(retryAt && { retryAt: retryAt.toISOString() }),
  }
}
