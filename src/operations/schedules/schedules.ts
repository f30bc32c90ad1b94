import { EscError, messageOf } from '../../errors.ts'
import { type RichText, rich, step } from '../../rich-text.ts'
import {
  describeCron,
  describeTiming,
  graceMs,
  nextRuns,
  nextScheduleId,
  overdueInstant,
  readSchedule,
  readTiming,
  runsOfSchedule,
  type Schedule,
  type ScheduledRun,
  scheduleField,
  type TimingRequest,
} from '../../schedule/index.ts'
import type { Environment, Settings } from '../../store/index.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { rotationGuardMs } from '../rotating/rotation-settings.ts'
import { type Announced, announcing } from '../session/announce.ts'
import type { InputKit } from '../session/input-kit.ts'
import { operation, storeOperation, type Work } from '../session/operation.ts'
import type { Workspace } from '../session/workspace.ts'
import { ignoredText, type KnownRuns, knownRuns } from './sealed-runs.ts'

/** A schedule with what has become of it, and what comes. */
export interface ScheduleView {
  readonly schedule: Schedule
  /** The cron expression with its zone, or the time. */
  readonly timing: string
  /** The cron expression in words. `undefined`: it has none, or one that cannot be read. */
  readonly words: string | undefined
  /** Its next runs, in order; empty: paused, or over. */
  readonly next: readonly Date[]
  readonly lastExecuted: Date | undefined
  /** The result of the last run. */
  readonly lastResult: ScheduledRun['result'] | undefined
  /** The instant whose run waits longer than the schedule allows. */
  readonly overdue: Date | undefined
  /** Lines of the history that are not believed. */
  readonly warnings: readonly string[]
  /** The reason why the runs so far cannot be read. Undefined: they can. */
  readonly problem: string | undefined
}

/**
 * The schedule of an environment; undefined: it has none. Needs no key, so what it says is only
 * as good as the settings.
 */
export function scheduleOf(environment: Environment): Schedule | undefined {
  return readSchedule(environment.settings.get('schedule'), environment.settings.file)
}

/** The schema of when a schedule is due: `cron` or `once`. */
export const timingSchema = (z: InputKit) =>
  z.strictObject({
    cron: z.string().optional().describe('five fields, such as 0 3 * * *'),
    once: z.string().optional().describe('an instant, such as 2030-01-02T03:04:05Z'),
    timezone: z.string().optional().describe('such as Europe/Berlin; default: UTC, or what it was'),
  })

/** Shows the schedules of an environment, of which there is at most one. */
export const listSchedules = operation({
  name: 'list-schedules',
  level: 'read',
  audit: 'environment-read',
  run: async ({ host, store, subject }) => schedulesOf(store.environment(subject.name), host.now(), 1),
})

async function schedulesOf(environment: Environment, now: Date, count: number): Promise<ScheduleView[]> {
  const schedule = scheduleOf(environment)
  if (schedule === undefined) return []
  const view = {
    schedule,
    timing: describeTiming(schedule),
    words: schedule.timing.kind === 'cron' ? await describeCron(schedule.timing.expression) : undefined,
    next: await nextRuns(schedule, now, count),
  }
  let known: KnownRuns
  try {
    known = knownRuns(environment, schedule, now)
  } catch (error) {
    const unknown = { lastExecuted: undefined, lastResult: undefined, overdue: undefined, warnings: [] }
    return [{ ...view, ...unknown, problem: messageOf(error) }]
  }
  const last = known.runs.at(-1)
  return [
    {
      ...view,
      lastExecuted: last && new Date(last.executed),
      lastResult: last?.result,
      overdue: await overdueOf(environment, { schedule, known, now }),
      warnings: ignoredText(known.ignored),
      problem: undefined,
    },
  ]
}

async function overdueOf(
  environment: Environment,
  { schedule, known, now }: { readonly schedule: Schedule; readonly known: KnownRuns; readonly now: Date },
): Promise<Date | undefined> {
  const { sealed, lastRotated } = known
  const allowedMs = graceMs + rotationGuardMs(environment)
  return overdueInstant(schedule, { sealedDue: sealed?.due, lastRotated, now, allowedMs })
}

/** An environment whose run waits longer than its schedule allows. */
export interface OverdueSchedule {
  readonly environment: string
  /** Instant of the schedule that has not been run. */
  readonly due: Date
}

/**
 * The overdue schedules of some environments. Environments that cannot be read are passed over:
 * whoever looks at them says so.
 */
export const overdueSchedules = storeOperation({
  name: 'list-overdue-schedules',
  level: undefined,
  audit: 'environment-read',
  input: (z) => z.strictObject({ environments: z.array(z.string()) }),
  run: (work, { environments }: { readonly environments: readonly string[] }) => findOverdue(work, environments),
})

/** Finds what `overdueSchedules` lists, as a part of another operation. */
export async function findOverdue(workspace: Workspace, environments: readonly string[]): Promise<OverdueSchedule[]> {
  const now = workspace.host.now()
  const overdue: OverdueSchedule[] = []
  for (const name of environments) {
    try {
      const environment = workspace.store.environment(name)
      const schedule = scheduleOf(environment)
      if (schedule === undefined || schedule.paused) continue
      const known = knownRuns(environment, schedule, now)
      const due = await overdueOf(environment, { schedule, known, now })
      if (due !== undefined) overdue.push({ environment: name, due })
    } catch {}
  }
  return overdue
}

/** Says of an instant that it has passed without a run; as a clause, with what to do. */
export function overdueText(due: Date): RichText {
  const at = due.toISOString().replace('.000Z', 'Z')
  return rich`rotation is overdue: it was due ${at}, and no revision shows that it ran; ${step('run what is due', { do: 'run-schedules' })}, and see to it that a scheduler runs`
}

/**
 * Shows one schedule. `count`: how many of its next runs to find. Throws EscError `not_found` when
 * the environment has no schedule of that id.
 */
export const getSchedule = operation({
  name: 'get-schedule',
  level: 'read',
  audit: 'environment-read',
  input: (z) => z.strictObject({ id: z.string(), count: z.int().min(1).max(100).optional() }),
  async run(
    { host, store, subject },
    { id, count = 1 }: { readonly id: string; readonly count?: number },
  ): Promise<ScheduleView> {
    const [view] = await schedulesOf(store.environment(subject.name), host.now(), count)
    checkId(subject.name, view?.schedule, id)
    return view as ScheduleView
  },
})

/** The runs of a schedule, newest first. A removed schedule keeps its history. */
export const scheduleHistory = operation({
  name: 'list-scheduled-runs',
  level: 'read',
  audit: 'environment-read',
  input: (z) => z.string().describe('id of the schedule'),
  async run({ store, subject }, id: string): Promise<readonly ScheduledRun[]> {
    const environment = store.environment(subject.name)
    const runs = runsOf(environment, id)
    if (runs.length === 0) checkId(subject.name, scheduleOf(environment), id)
    return runs.reverse()
  },
})

/**
 * Has the credentials of an environment rotated by the clock. Throws EscError `already_exists` for
 * a second schedule; `usage` for a time that cannot be used.
 */
export const createSchedule = operation({
  name: 'create-schedule',
  level: 'write',
  audit: 'environment-schedule-created',
  input: (z) => timingSchema(z),
  async run(work, request: TimingRequest): Promise<Schedule> {
    const environment = work.store.environment(work.subject.name)
    const now = work.host.now()
    const timed = await readTiming(request, now)
    const id = nextScheduleId(environment.events.list<ScheduledRun>('schedules'))
    const schedule = { id, kind: 'environment_rotation', ...timed, paused: false, created: now, modified: now } as const
    await announcing(work, environment, scheduleChange('created', id), () =>
      change(environment, (before) => {
        refuseSecond(work, environment.name, before)
        return schedule
      }),
    )
    return schedule
  },
})

/** Changes when it runs. What was due and has not run is not made up for. */
export const editSchedule = operation({
  name: 'edit-schedule',
  level: 'write',
  audit: 'environment-schedule-updated',
  input: (z) => z.strictObject({ id: z.string(), timing: timingSchema(z) }),
  async run(work, { id, timing }: { readonly id: string; readonly timing: TimingRequest }): Promise<Schedule> {
    const { environment, now, known } = knownSchedule(work, id)
    const timed = await readTiming(timing, now, known)
    return announcing(work, environment, scheduleChange('updated', id), () =>
      changeKnown(environment, id, (before) => ({ ...before, ...timed, modified: now })),
    )
  },
})

/**
 * A paused schedule does not run; resumed, it goes on with its next instant. No
 * change where it is so already.
 */
export const pauseSchedule = operation({
  name: 'pause-schedule',
  level: 'write',
  audit: 'environment-schedule-updated',
  input: (z) => z.strictObject({ id: z.string(), paused: z.boolean() }),
  async run(work, { id, paused }: { readonly id: string; readonly paused: boolean }): Promise<Schedule> {
    const { environment, now, known } = knownSchedule(work, id)
    if (known.paused === paused) {
      // Not to be told that it is so by somebody without the key.
      await environment.unlock()
      return known
    }
    return announcing(work, environment, scheduleChange('updated', id), () =>
      changeKnown(environment, id, (before) => ({ ...before, paused, modified: now })),
    )
  },
})

/** Removes a schedule. Its history stays. `confirm` throws to stop. */
export const removeSchedule = operation({
  name: 'remove-schedule',
  level: 'write',
  audit: 'environment-schedule-deleted',
  input: (z) => z.strictObject({ id: z.string() }),
  async run(work, { id, confirm }: { readonly id: string; readonly confirm?: () => Promise<void> }): Promise<void> {
    const { environment } = knownSchedule(work, id)
    await confirm?.()
    await announcing(work, environment, scheduleChange('deleted', id), () =>
      change(environment, (before) => {
        checkId(environment.name, before, id)
        return undefined
      }),
    )
  },
})

function knownSchedule({ host, store, subject }: Work<EnvironmentReference>, id: string) {
  const environment = store.environment(subject.name)
  const now = host.now()
  return { environment, now, known: checkId(environment.name, scheduleOf(environment), id) }
}

function scheduleChange(action: string, scheduleID: string): Announced {
  return { kind: 'environment_schedule', action, scheduleID, field: 'schedule' }
}

function runsOf(environment: Environment, id: string): ScheduledRun[] {
  return runsOfSchedule(environment.events.list<ScheduledRun>('schedules'), id)
}

async function changeKnown(
  environment: Environment,
  id: string,
  edit: (before: Schedule) => Schedule,
): Promise<Schedule> {
  let after: Schedule | undefined
  await change(environment, (before) => {
    after = edit(checkId(environment.name, before, id))
    return after
  })
  return after as Schedule
}

/** Under the write lock, with the settings as they are then. */
async function change(
  environment: Environment,
  edit: (before: Schedule | undefined) => Schedule | undefined,
): Promise<void> {
  await environment.settingsWriter.changeSealed('schedule', (settings: Settings) => {
    const after = edit(readSchedule(settings.get('schedule'), settings.file))
    return { schedule: after && scheduleField(after) }
  })
}

function checkId(name: string, schedule: Schedule | undefined, id: string): Schedule {
  if (id === '')
    throw new EscError('usage', 'schedule ID cannot be empty', {
      hint: rich`${step('look at it', { do: 'list-schedules', environment: name })}`,
    })
  if (schedule?.id === id) return schedule
  throw new EscError('not_found', `environment '${name}' has no schedule '${id}'`, {
    hint: schedule
      ? `its schedule is ${schedule.id}`
      : rich`${step('make one', { do: 'create-schedule', environment: name })}`,
  })
}

function refuseSecond({ store }: Workspace, name: string, schedule: Schedule | undefined): void {
  if (schedule === undefined) return
  throw new EscError(
    'already_exists',
    `environment ${store.organization}/${name} already has a schedule (${schedule.id}); only one schedule per environment is currently supported`,
    { hint: rich`${step('change it', { do: 'edit-schedule', environment: name, schedule: schedule.id })}` },
  )
}
