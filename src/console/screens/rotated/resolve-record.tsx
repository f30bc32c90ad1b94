import { useState } from 'preact/hooks'
import { rotationTexts as texts } from '../../environment-texts.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Failure, Shown } from '../../parts/states.tsx'
import { perform } from '../../perform.ts'
import { texts as shared } from '../../texts.ts'
import { useLoaded } from '../../use-loaded.ts'
import type { JournalRecord } from './rotation.ts'

interface ResolveProps {
  readonly name: string
  readonly record: JournalRecord
  readonly close: () => void
  readonly done: () => void
}

/** Asks before a record is given up, moved, or its credential is removed: each says what dies. */
export function ResolveRecord({
  by,
  abandon,
  ...rest
}: ResolveProps & { by: 'forget' | 'retarget' | 'abandon'; abandon: () => void }) {
  if (by === 'retarget') return <Retarget {...rest} />
  if (by === 'forget') return <Forget {...rest} />
  const { record, close } = rest
  return (
    <Dialog title={texts.abandonTitle(record.path ?? record.file)} close={close}>
      <p>{texts.abandonEnds}</p>
      <footer>
        <button type="button" class="secondary" onClick={close}>
          {shared.common.cancel}
        </button>
        <button type="button" class="danger" onClick={abandon}>
          {texts.abandon}
        </button>
      </footer>
    </Dialog>
  )
}

function Forget({ name, record, close, done }: ResolveProps) {
  const { error, busy, run } = useSend(done)
  const forget = () => run(() => perform('forget-journal-record', name, { chosen: record.file }))
  return (
    <Dialog title={texts.forgetTitle(record.path ?? record.file)} close={close}>
      <p>{texts.forgetEnds}</p>
      <p>{texts.forgetKeeps}</p>
      {error && <Failure error={error} />}
      <footer>
        <button type="button" class="secondary" onClick={close}>
          {shared.common.cancel}
        </button>
        <button type="button" class="danger" aria-busy={busy} disabled={busy} onClick={forget}>
          {texts.forgetNow}
        </button>
      </footer>
    </Dialog>
  )
}

interface Retargeted {
  readonly asks?: { readonly from: string; readonly to: string }
}

function Retarget({ name, record, close, done }: ResolveProps) {
  const { error, busy, run } = useSend(done)
  const chosen = record.file
  const question = useLoaded(
    async () => (await perform<Retargeted>('retarget-journal-record', name, { chosen })).result.asks,
    [name, chosen],
  )
  const move = () => run(() => perform('retarget-journal-record', name, { chosen, agreed: question.value?.to }))
  return (
    <Dialog title={texts.retargetTitle(record.path ?? record.file)} close={close}>
      <Shown of={question}>
        {(asks) => (
          <>
            <dl>
              <dt>{texts.retargetFrom}</dt>
              <dd>{asks?.from}</dd>
              <dt>{texts.retargetTo}</dt>
              <dd>{asks?.to}</dd>
            </dl>
            <p>{texts.retargetOnlyIf}</p>
          </>
        )}
      </Shown>
      {error && <Failure error={error} />}
      <footer>
        <button type="button" class="secondary" onClick={close}>
          {shared.common.cancel}
        </button>
        <button type="button" aria-busy={busy} disabled={busy || question.value === undefined} onClick={move}>
          {texts.retargetNow}
        </button>
      </footer>
    </Dialog>
  )
}

function useSend(done: () => void) {
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const run = (send: () => Promise<unknown>) => {
    setBusy(true)
    setError(undefined)
    send()
      .then(done, setError)
      .finally(() => setBusy(false))
  }
  return { error, busy, run }
}
