import { useState } from 'preact/hooks'
import { revisionTexts as texts } from '../../environment-texts.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Failure } from '../../parts/states.tsx'
import { perform } from '../../perform.ts'
import { texts as shared } from '../../texts.ts'
import type { Revision } from './revision.ts'

/** Asks before a revision is taken out of use: why, and what is to be used instead. */
export function Retract({
  name,
  revision,
  revisions,
  close,
  reload,
}: {
  name: string
  revision: number
  revisions: readonly Revision[]
  close: () => void
  reload: () => void
}) {
  const others = revisions.filter(({ number, retraction }) => number !== revision && retraction === undefined)
  const usual = others.find(({ number }) => number < revision) ?? others[0]
  const [reason, setReason] = useState('')
  const [replacement, setReplacement] = useState(usual?.number)
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const retract = (event: SubmitEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(undefined)
    const input = {
      ...(replacement !== undefined && { replacement: `${name}@${replacement}` }),
      ...(reason.trim() !== '' && { reason: reason.trim() }),
    }
    perform('retract-revision', `${name}@${revision}`, input).then(
      () => {
        close()
        reload()
      },
      (problem) => {
        setError(problem)
        setBusy(false)
      },
    )
  }
  const { tags = [] } = revisions.find(({ number }) => number === revision) ?? {}
  return (
    <Dialog title={texts.retractTitle(revision)} close={close}>
      <form onSubmit={retract}>
        <p>{texts.retractEnds}</p>
        {tags.length > 0 && replacement !== undefined && <p>{texts.retractMoves(tags.join(', '), replacement)}</p>}
        <label>
          {texts.reason}
          <input value={reason} required autocomplete="off" onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        <label>
          {texts.replacement}
          <select
            value={String(replacement ?? '')}
            onChange={(event) => setReplacement(Number(event.currentTarget.value))}
          >
            {others.map(({ number }) => (
              <option key={number} value={String(number)}>
                {texts.revisionNumber(number)}
              </option>
            ))}
          </select>
        </label>
        {error && <Failure error={error} />}
        <footer>
          <button type="button" class="secondary" onClick={close}>
            {shared.common.cancel}
          </button>
          <button type="submit" class="danger" aria-busy={busy} disabled={busy}>
            {texts.retractNow}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
