import { useState } from 'preact/hooks'
import { Dialog } from '../parts/dialog.tsx'
import { Failure } from '../parts/states.tsx'
import { perform } from '../perform.ts'
import { texts } from '../texts.ts'

const usual = [
  ['0 3 * * *', texts.schedule.daily],
  ['0 3 * * 1', texts.schedule.weekly],
  ['0 3 1 * *', texts.schedule.monthly],
] as const

/** The zone of this browser, such as `Europe/Berlin`. */
const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone

/** Makes the schedule of an environment, or changes when it runs. */
export function ScheduleDialog({
  name,
  id,
  close,
  saved,
}: {
  name: string
  /** The schedule to change. `undefined`: a new one is made. */
  id: string | undefined
  close: () => void
  saved: () => void
}) {
  const [kind, setKind] = useState<'cron' | 'once'>('cron')
  const [cron, setCron] = useState<string>(usual[0][0])
  const [once, setOnce] = useState('')
  const [timezone, setTimezone] = useState(ownZone)
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const timing =
      kind === 'cron'
        ? { cron, timezone }
        : { once: Number.isNaN(Date.parse(once)) ? once : new Date(once).toISOString() }
    setBusy(true)
    const done =
      id === undefined ? perform('create-schedule', name, timing) : perform('edit-schedule', name, { id, timing })
    done
      .then(() => {
        saved()
        close()
      }, setError)
      .finally(() => setBusy(false))
  }
  return (
    <Dialog title={id === undefined ? texts.rotation.createSchedule : texts.rotation.changeSchedule} close={close}>
      <form onSubmit={submit}>
        <fieldset>
          <legend>{texts.schedule.kind}</legend>
          <label>
            <input type="radio" name="kind" checked={kind === 'cron'} onChange={() => setKind('cron')} />
            {texts.schedule.repeated}
          </label>
          <label>
            <input type="radio" name="kind" checked={kind === 'once'} onChange={() => setKind('once')} />
            {texts.schedule.once}
          </label>
        </fieldset>
        {kind === 'cron' ? (
          <>
            <div class="buttons">
              {usual.map(([expression, words]) => (
                <button
                  key={expression}
                  type="button"
                  class="secondary"
                  aria-pressed={cron === expression}
                  onClick={() => setCron(expression)}
                >
                  {words}
                </button>
              ))}
            </div>
            <label>
              {texts.schedule.cron}
              <input value={cron} required spellcheck={false} onInput={(event) => setCron(event.currentTarget.value)} />
            </label>
            <label>
              {texts.schedule.zone}
              <input
                value={timezone}
                required
                spellcheck={false}
                onInput={(event) => setTimezone(event.currentTarget.value)}
              />
            </label>
          </>
        ) : (
          <label>
            {texts.schedule.at}
            <input
              type="datetime-local"
              value={once}
              required
              onInput={(event) => setOnce(event.currentTarget.value)}
            />
          </label>
        )}
        {error && <Failure error={error} />}
        <footer>
          <button type="button" class="secondary" onClick={close}>
            {texts.common.cancel}
          </button>
          <button type="submit" aria-busy={busy} disabled={busy}>
            {id === undefined ? texts.rotation.createSchedule : texts.schedule.save}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
