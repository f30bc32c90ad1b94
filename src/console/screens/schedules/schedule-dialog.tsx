import '../../list-style.ts'
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { scheduleTexts as texts } from '../../environment-texts.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Failure } from '../../parts/states.tsx'
import { perform } from '../../perform.ts'
import { texts as shared } from '../../texts.ts'
import type { ScheduleView } from '../rotated/rotation.ts'
import { type Preview, type Timing, usePreview } from './use-preview.ts'
import { ownZone, timeIn } from './zones.ts'

const usual = [
  ['0 3 * * *', texts.daily],
  ['0 3 * * 1', texts.weekly],
  ['0 3 1 * *', texts.monthly],
] as const

/** Makes the schedule of an environment, or changes when it runs. */
export function ScheduleDialog({
  name,
  known,
  close,
  saved,
}: {
  name: string
  /** The schedule to change. `undefined`: a new one is made. */
  known: ScheduleView | undefined
  close: () => void
  saved: () => void
}) {
  const before = known?.schedule
  const [kind, setKind] = useState<'cron' | 'once'>(before?.timing.kind ?? 'cron')
  const [cron, setCron] = useState(before?.timing.kind === 'cron' ? before.timing.expression : usual[0][0])
  const [once, setOnce] = useState(before?.timing.kind === 'once' ? localText(before.timing.at) : '')
  const [timezone, setTimezone] = useState(before?.timing.kind === 'cron' ? before.timezone : ownZone)
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const timing: Timing = kind === 'cron' ? { cron, timezone } : { once: instantOf(once) }
  const { preview, error: unread } = usePreview(timing)
  const problem = kind === 'once' && once === '' ? undefined : preview?.problem
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(undefined)
    const done =
      before === undefined
        ? perform('create-schedule', name, timing)
        : perform('edit-schedule', name, { id: before.id, timing })
    done.then(
      () => {
        close()
        saved()
      },
      (wrong) => {
        setError(wrong)
        setBusy(false)
      },
    )
  }
  return (
    <Dialog title={before === undefined ? texts.create : texts.changeTitle} close={close}>
      <form onSubmit={submit}>
        <Kind kind={kind} choose={setKind} />
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
            <Field id="cron" label={texts.cron} problem={problem}>
              {(state) => <input {...state} value={cron} onInput={(event) => setCron(event.currentTarget.value)} />}
            </Field>
            <Field id="timezone" label={texts.zone} problem={problem}>
              {(state) => (
                <input
                  {...state}
                  value={timezone}
                  list="zones"
                  onInput={(event) => setTimezone(event.currentTarget.value)}
                />
              )}
            </Field>
            <Zones />
          </>
        ) : (
          <Field id="once" label={texts.atIn(ownZone)} problem={problem}>
            {(state) => (
              <input
                {...state}
                type="datetime-local"
                value={once}
                onInput={(event) => setOnce(event.currentTarget.value)}
              />
            )}
          </Field>
        )}
        <Runs preview={preview} zone={kind === 'cron' ? timezone : 'UTC'} />
        {(error ?? unread) && <Failure error={(error ?? unread) as Error} />}
        <footer>
          <button type="button" class="secondary" onClick={close}>
            {shared.common.cancel}
          </button>
          <button
            type="submit"
            aria-busy={busy}
            disabled={busy || problem !== undefined || (kind === 'once' && once === '')}
          >
            {before === undefined ? texts.create : texts.save}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

function Kind({ kind, choose }: { kind: 'cron' | 'once'; choose: (kind: 'cron' | 'once') => void }) {
  return (
    <fieldset class="choice">
      <legend>{texts.kind}</legend>
      {(['cron', 'once'] as const).map((each) => (
        <label key={each}>
          <input type="radio" name="kind" checked={kind === each} onChange={() => choose(each)} />
          {each === 'cron' ? texts.repeated : texts.once}
        </label>
      ))}
    </fieldset>
  )
}

interface FieldState {
  readonly id: string
  readonly required: true
  readonly spellcheck: false
  readonly autocomplete: 'off'
  readonly 'aria-invalid'?: 'true'
  readonly 'aria-describedby'?: string
}

/** An input with its label, and what is wrong with it at its place. */
function Field({
  id,
  label,
  problem,
  children,
}: {
  id: 'cron' | 'once' | 'timezone'
  label: string
  problem: Preview['problem']
  children: (state: FieldState) => ComponentChildren
}) {
  const isWrong = problem?.input === id
  const wrong = isWrong ? ({ 'aria-invalid': 'true', 'aria-describedby': `${id}-problem` } as const) : {}
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, required: true, spellcheck: false, autocomplete: 'off', ...wrong })}
      <small id={`${id}-problem`} class="bad" aria-live="polite">
        {isWrong && `${problem.message}${problem.hint === undefined ? '' : `: ${problem.hint}`}`}
      </small>
    </div>
  )
}

function Zones() {
  const zones = Intl.supportedValuesOf?.('timeZone') ?? []
  return (
    <datalist id="zones">
      {['UTC', ...zones].map((zone) => (
        <option key={zone} value={zone} />
      ))}
    </datalist>
  )
}

/** The schedule in words, and its next runs by both clocks. */
function Runs({ preview, zone }: { preview: Preview | undefined; zone: string }) {
  const next = preview?.next ?? []
  const isOther = zone !== ownZone
  return (
    <section class="runs" aria-label={texts.nextRuns}>
      <p aria-live="polite">
        <strong>{preview?.words ?? (next.length > 0 ? texts.once : ' ')}</strong>
      </p>
      {next.length > 0 && (
        <div class="wide">
          <table>
            <caption class="unseen">{texts.nextRuns}</caption>
            <thead>
              <tr>
                <th scope="col">{texts.yourTime(ownZone)}</th>
                {isOther && <th scope="col">{texts.scheduleTime(zone)}</th>}
              </tr>
            </thead>
            <tbody>
              {next.map((at) => (
                <tr key={at}>
                  <td>
                    <time dateTime={at}>{timeIn(at, ownZone)}</time>
                  </td>
                  {isOther && <td>{timeIn(at, zone)}</td>}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

/** The instant that a clock here shows so; as it is where that is no time. */
function instantOf(local: string): string {
  const at = new Date(local)
  return Number.isNaN(at.getTime()) ? local : at.toISOString()
}

/** An instant as the input for a time here has it. */
function localText(at: string): string {
  const date = new Date(at)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
