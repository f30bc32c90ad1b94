import { rotationTexts as texts } from '../../environment-texts.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Empty, Shown } from '../../parts/states.tsx'
import { texts as shared } from '../../texts.ts'
import { useLoaded } from '../../use-loaded.ts'
import { type CredentialCheck, look, type PathReport } from './rotation.ts'

/** Logs in with every credential, and says which of them work. */
export function Doctor({ name, close }: { name: string; close: () => void }) {
  const loaded = useLoaded(() => look(name, 'doctor', []), [name])
  return (
    <Dialog title={texts.doctor} close={close}>
      <p>{texts.doctorExplains}</p>
      <div aria-live="polite">
        <Shown of={loaded}>
          {({ paths }) =>
            paths.length === 0 ? (
              <Empty text={texts.nothingToCheck} />
            ) : (
              <ul class="plan">
                {paths.map((path) => (
                  <Checked key={path.path} {...path} />
                ))}
              </ul>
            )
          }
        </Shown>
      </div>
      <footer>
        <button type="button" class="secondary" disabled={loaded.loading} onClick={loaded.reload}>
          {texts.checkAgain}
        </button>
        <button type="button" onClick={close}>
          {shared.common.close}
        </button>
      </footer>
    </Dialog>
  )
}

function Checked({ path, status, error, checks = [] }: PathReport) {
  return (
    <li>
      <code>{path}</code>
      {status !== 'succeeded' && checks.length === 0 && <p class="bad">{error ?? texts.notEvaluated}</p>}
      {status === 'succeeded' && checks.length === 0 && <p>{texts.nothingToLogInTo}</p>}
      {checks.length > 0 && (
        <ul>
          {checks.map((check) => (
            <Check key={`${check.credential} ${check.what}`} {...check} />
          ))}
        </ul>
      )}
    </li>
  )
}

function Check({ credential, what, works, detail }: CredentialCheck) {
  return (
    <li>
      <span class={`mark ${works === true ? 'good' : works === false ? 'bad' : ''}`}>
        {works === undefined ? texts.worksUnknown : works ? texts.works : texts.worksNot}
      </span>
      {texts.credential[credential]}: {what}
      {detail !== undefined && <div class="detail">{detail}</div>}
    </li>
  )
}
