import { useState } from 'preact/hooks'
import { scheduleTexts as texts } from '../../environment-texts.ts'
import { later } from '../../parts/later.tsx'
import { Failure } from '../../parts/states.tsx'
import { When } from '../../parts/when.tsx'
import { perform } from '../../perform.ts'
import { Action } from '../../rights.tsx'
import type { ScheduleView } from '../rotated/rotation.ts'

const RemoveSchedule = later(async () => (await import('./remove-schedule.tsx')).RemoveSchedule)
const ScheduleHistory = later(async () => (await import('./schedule-history.tsx')).ScheduleHistory)

interface LineProps {
  readonly name: string
  readonly schedule: ScheduleView | undefined
  readonly edit: () => void
  readonly changed: () => void
}

/** Says when an environment is rotated by the clock; changes, pauses, removes that. */
export function ScheduleLine({ name, schedule, edit, changed }: LineProps) {
  if (schedule === undefined) return <span class="muted">{texts.none}</span>
  return <Known {...{ name, schedule, edit, changed }} />
}

function Known({ name, schedule, edit, changed }: LineProps & { schedule: ScheduleView }) {
  const [error, setError] = useState<Error>()
  const [open, setOpen] = useState<'remove' | 'history'>()
  const { id, paused, timing, timezone } = schedule.schedule
  const close = () => setOpen(undefined)
  const pause = () => {
    setError(undefined)
    perform('pause-schedule', name, { id, paused: !paused }).then(changed, setError)
  }
  return (
    <div class="schedule">
      <p>
        {texts.scheduled} <strong>{timing.kind === 'cron' ? (schedule.words ?? schedule.timing) : texts.once}</strong>
        {timing.kind === 'cron' && <span class="muted"> ({texts.inZone(timing.expression, timezone)})</span>}
        {', '}
        <Next schedule={schedule} />
        {schedule.lastResult !== undefined && schedule.lastResult !== 'succeeded' && (
          <span class="mark bad">{texts.lastRun(texts.results[schedule.lastResult])}</span>
        )}
        {schedule.overdue !== undefined && (
          <span class="mark bad">
            {texts.overdue} <When at={schedule.overdue} />
          </span>
        )}
      </p>
      <div class="line-links">
        <Action does="edit-schedule" class="link" onClick={edit}>
          {texts.change}
        </Action>
        <Action does="pause-schedule" class="link" onClick={pause}>
          {paused ? texts.resume : texts.pause}
        </Action>
        <Action does="remove-schedule" class="link" onClick={() => setOpen('remove')}>
          {texts.remove}
        </Action>
        <button type="button" class="link" onClick={() => setOpen('history')}>
          {texts.history}
        </button>
      </div>
      {schedule.problem !== undefined && <p class="note">{schedule.problem}</p>}
      {error && <Failure error={error} />}
      {open === 'remove' && <RemoveSchedule name={name} id={id} close={close} removed={changed} />}
      {open === 'history' && <ScheduleHistory name={name} id={id} close={close} />}
    </div>
  )
}

function Next({ schedule: { schedule, next } }: { schedule: ScheduleView }) {
  if (schedule.paused) return <span class="mark">{texts.paused}</span>
  if (next[0] === undefined) return <>{texts.over}</>
  return (
    <>
      {texts.next} <When at={next[0]} />
    </>
  )
}
