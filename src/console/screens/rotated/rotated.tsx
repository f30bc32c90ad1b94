import '../../list-style.ts'
import { useCallback, useState } from 'preact/hooks'
import { rotationTexts as texts } from '../../environment-texts.ts'
import type { Act } from '../../parts/advice.tsx'
import { later } from '../../parts/later.tsx'
import { Empty, Failure, Shown } from '../../parts/states.tsx'
import { Action, RightsNote } from '../../rights.tsx'
import { useLoaded } from '../../use-loaded.ts'
import { ScheduleLine } from '../schedules/schedule-line.tsx'
import type { TabProps } from '../tab.ts'
import { Progress } from './progress.tsx'
import { loadRotated, type RotatedSecrets } from './rotation.ts'
import { RotatorLine } from './rotator-line.tsx'
import { type RotationState, useRotation } from './use-rotation.ts'

const ConfirmRotation = later(async () => (await import('./confirm-rotation.tsx')).ConfirmRotation)
const TooSoon = later(async () => (await import('./too-soon.tsx')).TooSoon)
const Doctor = later(async () => (await import('./doctor.tsx')).Doctor)
const Journal = later(async () => (await import('./journal.tsx')).Journal)
const ScheduleDialog = later(async () => (await import('../schedules/schedule-dialog.tsx')).ScheduleDialog)

type Open = 'schedule' | 'doctor' | { readonly rotate: readonly string[] } | undefined

/** The rotated secrets of an environment: each one's state, rotating, the journal, the schedule. */
export function Rotated({ name }: TabProps) {
  const loaded = useLoaded(() => loadRotated(name), [name])
  return (
    <Shown of={loaded}>
      {(secrets) =>
        secrets.rotators.length === 0 && !secrets.unfinished ? (
          <Empty text={texts.none}>
            <a href={`/environments/${name}/editor`}>{texts.openEditor}</a>
          </Empty>
        ) : (
          <Secrets name={name} secrets={secrets} reload={loaded.reload} />
        )
      }
    </Shown>
  )
}

function Secrets({ name, secrets, reload }: { name: string; secrets: RotatedSecrets; reload: () => void }) {
  const { rotators, schedule, unfinished, warnings } = secrets
  const [open, setOpen] = useState<Open>()
  const rotation = useRotation(name, reload)
  const { running, error, start } = rotation
  const act = useAct(name, start, setOpen)
  const close = useCallback(() => setOpen(undefined), [])
  const hasFailed = rotators.some(({ lastResult }) => lastResult === 'failed')
  return (
    <>
      <div class="heading">
        <ScheduleLine name={name} schedule={schedule} edit={() => setOpen('schedule')} changed={reload} />
        <div class="buttons">
          {schedule === undefined && (
            <Action does="create-schedule" class="secondary" onClick={() => setOpen('schedule')}>
              {texts.createSchedule}
            </Action>
          )}
          <Action does="rotate-environment:doctor" class="secondary" onClick={() => setOpen('doctor')}>
            {texts.check}
          </Action>
          {hasFailed && (
            <Action
              does="rotate-environment"
              class="secondary"
              disabled={running !== undefined}
              onClick={() => void start({ mode: 'failed', paths: [] })}
            >
              {texts.retryFailed}
            </Action>
          )}
          <Action
            does="rotate-environment"
            busy={running?.mode === 'rotate' && running.paths.length === 0}
            disabled={running !== undefined || rotators.length === 0}
            onClick={() => setOpen({ rotate: [] })}
          >
            {texts.rotate}
          </Action>
        </div>
      </div>
      <RightsNote operations={['rotate-environment', 'rotate-environment:doctor']} />
      {warnings.map((warning) => (
        <p key={warning} class="note">
          {warning}
        </p>
      ))}
      {error && <Failure error={error} />}
      <Progress {...rotation} act={act} />
      {unfinished && (
        <Journal name={name} busy={running !== undefined} start={(run) => void start(run)} changed={reload} />
      )}
      {rotators.length > 0 && (
        <div class="wide">
          <table>
            <thead>
              <tr>
                <th scope="col">{texts.path}</th>
                <th scope="col" class="less">
                  {texts.rotator}
                </th>
                <th scope="col">{texts.state}</th>
                <th scope="col">{texts.rotated}</th>
                <th scope="col">
                  <span class="unseen">{texts.actionsOf}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rotators.map((row) => (
                <RotatorLine
                  key={row.path}
                  row={row}
                  busy={running !== undefined}
                  here={running?.paths.includes(row.path) ?? false}
                  ask={(paths) => setOpen({ rotate: paths })}
                  start={(run) => void start(run)}
                  act={act}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Dialogs {...{ name, schedule, open, close, reload, rotation }} />
    </>
  )
}

function Dialogs({
  name,
  schedule,
  open,
  close,
  reload,
  rotation: { tooSoon, start, forget },
}: {
  name: string
  schedule: RotatedSecrets['schedule']
  open: Open
  close: () => void
  reload: () => void
  rotation: RotationState & { start: ReturnType<typeof useRotation>['start']; forget: () => void }
}) {
  if (tooSoon !== undefined) {
    const rotate = () => void start({ ...tooSoon.run, force: true })
    return <TooSoon question={tooSoon.question} close={forget} rotate={rotate} />
  }
  if (open === 'schedule') return <ScheduleDialog name={name} known={schedule} close={close} saved={reload} />
  if (open === 'doctor') return <Doctor name={name} close={close} />
  if (open === undefined) return null
  const rotate = () => {
    close()
    void start({ mode: 'rotate', paths: open.rotate })
  }
  return <ConfirmRotation name={name} paths={open.rotate} close={close} rotate={rotate} />
}

/** Returns how this screen does what a text of the server advises. */
function useAct(name: string, start: ReturnType<typeof useRotation>['start'], open: (what: Open) => void): Act {
  return ({ do: what, paths = [], path }) => {
    const all = path === undefined ? paths : [path]
    switch (what) {
      case 'rotate':
        return () => open({ rotate: all })
      case 'resume-rotation':
        return () => void start({ mode: 'resume', paths: all })
      case 'repeat':
        return undefined
      case 'show-journal':
      case 'forget-record':
      case 'retarget-record':
      case 'abandon-rotation':
        return () => document.getElementById('unfinished')?.scrollIntoView()
      case 'create-schedule':
      case 'edit-schedule':
      case 'list-schedules':
        return () => open('schedule')
      case 'edit-definition':
      case 'save-definition':
      case 'encrypt-value':
        return `/environments/${name}/editor`
      case 'show-environment':
        return `/environments/${name}/values`
      case 'roll-back':
      case 'show-history':
        return `/environments/${name}/revisions`
      case 'explain-access':
      case 'list-access-rules':
        return '/access'
      default:
        return undefined
    }
  }
}
