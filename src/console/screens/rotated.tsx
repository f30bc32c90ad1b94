import { useState } from 'preact/hooks'
import { Dialog } from '../parts/dialog.tsx'
import { Empty, Failure, Shown } from '../parts/states.tsx'
import { When } from '../parts/when.tsx'
import { perform } from '../perform.ts'
import { texts } from '../texts.ts'
import { useLoaded } from '../use-loaded.ts'
import { ScheduleDialog } from './schedule-dialog.tsx'
import type { TabProps } from './tab.ts'

interface RotatorRow {
  readonly path: string
  readonly rotator?: string
  readonly lastRotated?: string
  readonly lastResult?: 'succeeded' | 'failed'
  readonly error?: string
  readonly credentials: 'none' | 'current' | 'current-and-previous' | 'unknown'
  readonly nextRun?: string
  readonly overdue?: string
  readonly unfinished: boolean
}

interface RotatedPath {
  readonly path: string
  readonly status: 'succeeded' | 'failed' | 'not-evaluated'
  readonly error?: string
  readonly hint?: string
  readonly notes: readonly string[]
  readonly steps?: readonly unknown[]
}

interface Report {
  readonly status: 'succeeded' | 'partial' | 'failed'
  readonly revision?: number
  readonly paths: readonly RotatedPath[]
  readonly warnings: readonly string[]
}

interface Schedules {
  readonly schedule: { readonly id: string; readonly paused: boolean }
  readonly timing: string
  readonly next: readonly string[]
  readonly lastResult?: string
}

async function load(name: string) {
  const [rotators, schedules] = await Promise.all([
    perform<{ rotators: readonly RotatorRow[] }>('list-rotators', undefined, [name]),
    perform<readonly Schedules[]>('list-schedules', name),
  ])
  return { rotators: rotators.result.rotators, schedule: schedules.result[0] }
}

type Mode = 'rotate' | 'failed' | 'resume'

/** The rotated secrets of an environment: how each is, rotating, and the schedule. */
export function Rotated({ name }: TabProps) {
  const loaded = useLoaded(() => load(name), [name])
  const [running, setRunning] = useState<string>()
  const [report, setReport] = useState<Report>()
  const [error, setError] = useState<Error>()
  const [dialog, setDialog] = useState<'schedule' | 'rotate'>()
  const rotate = async (mode: Mode, paths: readonly string[]) => {
    setDialog(undefined)
    setRunning(paths[0] ?? '')
    setError(undefined)
    setReport(undefined)
    try {
      const { result } = await perform<Report>('rotate-environment', name, { mode, paths, force: mode === 'rotate' })
      setReport(result)
    } catch (problem) {
      setError(problem as Error)
    }
    setRunning(undefined)
    loaded.reload()
  }
  return (
    <Shown of={loaded}>
      {({ rotators, schedule }) =>
        rotators.length === 0 ? (
          <Empty text={texts.rotation.none} />
        ) : (
          <>
            <div class="heading">
              <ScheduleLine name={name} schedule={schedule} changed={loaded.reload} />
              <div class="buttons">
                {rotators.some(({ lastResult }) => lastResult === 'failed') && (
                  <button
                    type="button"
                    class="secondary"
                    disabled={running !== undefined}
                    onClick={() => void rotate('failed', [])}
                  >
                    {texts.rotation.retryFailed}
                  </button>
                )}
                <button type="button" class="secondary" onClick={() => setDialog('schedule')}>
                  {schedule === undefined ? texts.rotation.createSchedule : texts.rotation.changeSchedule}
                </button>
                <button
                  type="button"
                  aria-busy={running === ''}
                  disabled={running !== undefined}
                  onClick={() => setDialog('rotate')}
                >
                  {texts.rotation.rotate}
                </button>
              </div>
            </div>
            {error && <Failure error={error} />}
            {report && <Outcome report={report} />}
            <div class="wide">
              <table>
                <thead>
                  <tr>
                    <th scope="col">{texts.rotation.path}</th>
                    <th scope="col" class="less">
                      {texts.rotation.rotator}
                    </th>
                    <th scope="col">{texts.rotation.state}</th>
                    <th scope="col">{texts.rotation.rotated}</th>
                    <th scope="col">
                      <span class="unseen">{texts.common.actions}</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {rotators.map((row) => (
                    <RotatorLine
                      key={row.path}
                      row={row}
                      busy={running !== undefined}
                      here={running === row.path}
                      rotate={(mode) => void rotate(mode, [row.path])}
                    />
                  ))}
                </tbody>
              </table>
            </div>
            {dialog === 'schedule' && (
              <ScheduleDialog
                name={name}
                id={schedule?.schedule.id}
                close={() => setDialog(undefined)}
                saved={loaded.reload}
              />
            )}
            {dialog === 'rotate' && (
              <ConfirmRotation
                name={name}
                rotators={rotators}
                close={() => setDialog(undefined)}
                rotate={() => void rotate('rotate', [])}
              />
            )}
          </>
        )
      }
    </Shown>
  )
}

function RotatorLine({
  row,
  busy,
  here,
  rotate,
}: {
  row: RotatorRow
  busy: boolean
  here: boolean
  rotate: (mode: Mode) => void
}) {
  const { path, rotator, lastRotated, lastResult, error, credentials, overdue, unfinished } = row
  const mode: Mode = unfinished ? 'resume' : 'rotate'
  const word = unfinished
    ? texts.rotation.resume
    : lastResult === 'failed'
      ? texts.rotation.retry
      : texts.rotation.rotateOne
  return (
    <tr>
      <th scope="row">
        <code>{path}</code>
      </th>
      <td class="less">{rotator ?? ''}</td>
      <td>
        <span class={`mark ${lastResult === 'failed' ? 'bad' : credentials === 'none' ? 'new' : 'good'}`}>
          {unfinished
            ? texts.rotation.unfinished
            : lastResult === 'failed'
              ? texts.rotation.failed
              : texts.rotation.credentials[credentials]}
        </span>
        {overdue && <span class="mark bad">{texts.rotation.overdue}</span>}
        {lastResult === 'failed' && error && <div class="detail">{error}</div>}
      </td>
      <td>
        <When at={lastRotated} />
      </td>
      <td class="actions">
        <button
          type="button"
          class="secondary"
          aria-label={`${word} ${path}`}
          aria-busy={here}
          disabled={busy}
          onClick={() => rotate(mode)}
        >
          {word}
        </button>
      </td>
    </tr>
  )
}

/** Asks before credentials are made, with what a plan says. */
function ConfirmRotation({
  name,
  rotators,
  close,
  rotate,
}: {
  name: string
  rotators: readonly RotatorRow[]
  close: () => void
  rotate: () => void
}) {
  const plan = useLoaded(
    async () => (await perform<Report>('rotate-environment', name, { mode: 'plan', paths: [] })).result,
    [name],
  )
  return (
    <Dialog title={texts.rotation.confirm} close={close}>
      <p>{texts.rotation.explain(rotators.length)}</p>
      <Shown of={plan}>
        {({ paths }) => (
          <ul class="plan">
            {paths.map(({ path, status, error }) => (
              <li key={path}>
                <code>{path}</code>{' '}
                {status === 'succeeded' ? (
                  texts.rotation.planned
                ) : (
                  <span class="bad">{error ?? texts.rotation.failed}</span>
                )}
              </li>
            ))}
          </ul>
        )}
      </Shown>
      <footer>
        <button type="button" class="secondary" onClick={close}>
          {texts.common.cancel}
        </button>
        <button type="button" onClick={rotate}>
          {texts.rotation.rotateNow}
        </button>
      </footer>
    </Dialog>
  )
}

function Outcome({ report: { status, revision, paths, warnings } }: { report: Report }) {
  const failed = paths.filter(({ status: each }) => each !== 'succeeded')
  return (
    <div class={`outcome ${failed.length === 0 ? 'good' : 'bad'}`} role="status">
      <strong>{texts.rotation.outcome[status]}</strong>
      {revision !== undefined && ` ${texts.rotation.savedAs(revision)}`}
      {failed.length > 0 && (
        <ul>
          {failed.map(({ path, error, hint }) => (
            <li key={path}>
              <code>{path}</code>: {error ?? texts.rotation.notEvaluated}
              {hint && <small> {hint}</small>}
            </li>
          ))}
        </ul>
      )}
      {warnings.map((warning) => (
        <p key={warning}>{warning}</p>
      ))}
    </div>
  )
}

function ScheduleLine({
  name,
  schedule,
  changed,
}: {
  name: string
  schedule: Schedules | undefined
  changed: () => void
}) {
  const [error, setError] = useState<Error>()
  if (schedule === undefined) return <span class="muted">{texts.rotation.noSchedule}</span>
  const { id, paused } = schedule.schedule
  const pause = () => void perform('pause-schedule', name, { id, paused: !paused }).then(changed, setError)
  return (
    <span>
      {texts.rotation.scheduled} <strong>{schedule.timing}</strong>
      {', '}
      {paused ? (
        texts.rotation.paused
      ) : (
        <>
          {texts.rotation.next} <When at={schedule.next[0]} />
        </>
      )}{' '}
      <button type="button" class="link" onClick={pause}>
        {paused ? texts.rotation.resumeSchedule : texts.rotation.pauseSchedule}
      </button>
      {error && <Failure error={error} />}
    </span>
  )
}
