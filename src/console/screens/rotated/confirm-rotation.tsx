import { rotationTexts as texts } from '../../environment-texts.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Shown } from '../../parts/states.tsx'
import { Action } from '../../rights.tsx'
import { texts as shared } from '../../texts.ts'
import { useLoaded } from '../../use-loaded.ts'
import { look, type PathReport } from './rotation.ts'

/** Asks before credentials are made, with the plan: what is made, changed, kept and ended. */
export function ConfirmRotation({
  name,
  paths,
  close,
  rotate,
}: {
  name: string
  /** Empty: all. */
  paths: readonly string[]
  close: () => void
  rotate: () => void
}) {
  const plan = useLoaded(() => look(name, 'plan', paths), [name, paths.join()])
  return (
    <Dialog title={paths.length === 1 ? texts.confirmOne(paths[0] ?? '') : texts.confirm} close={close}>
      <p>{texts.explain}</p>
      <Shown of={plan}>
        {(report) => (
          <ul class="plan">
            {report.paths.map((path) => (
              <Planned key={path.path} {...path} />
            ))}
          </ul>
        )}
      </Shown>
      <footer>
        <button type="button" class="secondary" onClick={close}>
          {shared.common.cancel}
        </button>
        <Action does="rotate-environment" onClick={rotate} disabled={plan.value === undefined}>
          {texts.rotateNow}
        </Action>
      </footer>
    </Dialog>
  )
}

function Planned({ path, status, error, steps = [] }: PathReport) {
  return (
    <li>
      <code>{path}</code>
      {status !== 'succeeded' && <p class="bad">{error ?? texts.notEvaluated}</p>}
      {steps.length > 0 && (
        <ul>
          {steps.map(({ action, what }) => (
            <li key={`${action} ${what}`} class={action === 'delete' ? 'bad' : undefined}>
              {texts.actions[action]} {what}
            </li>
          ))}
        </ul>
      )}
      {status === 'succeeded' && steps.length === 0 && <p>{texts.planned}</p>}
    </li>
  )
}
