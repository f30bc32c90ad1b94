import { useState } from 'preact/hooks'
import { scheduleTexts as texts } from '../../environment-texts.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Failure } from '../../parts/states.tsx'
import { perform } from '../../perform.ts'
import { texts as shared } from '../../texts.ts'

/** Asks before a schedule is removed. */
export function RemoveSchedule({
  name,
  id,
  close,
  removed,
}: {
  name: string
  id: string
  close: () => void
  removed: () => void
}) {
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const remove = () => {
    setBusy(true)
    perform('remove-schedule', name, { id }).then(
      () => {
        close()
        removed()
      },
      (problem) => {
        setError(problem)
        setBusy(false)
      },
    )
  }
  return (
    <Dialog title={texts.removeTitle} close={close}>
      <p>{texts.removeEnds}</p>
      {error && <Failure error={error} />}
      <footer>
        <button type="button" class="secondary" onClick={close}>
          {shared.common.cancel}
        </button>
        <button type="button" class="danger" aria-busy={busy} disabled={busy} onClick={remove}>
          {texts.removeNow}
        </button>
      </footer>
    </Dialog>
  )
}
