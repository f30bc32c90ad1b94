import { rotationTexts as texts } from '../../environment-texts.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { texts as shared } from '../../texts.ts'

/** Asks whether to rotate again so soon, which ends a credential that may still be in use. */
export function TooSoon({ question, close, rotate }: { question: string; close: () => void; rotate: () => void }) {
  return (
    <Dialog title={texts.tooSoon} close={close}>
      <p>{question}</p>
      <footer>
        <button type="button" class="secondary" onClick={close}>
          {shared.common.cancel}
        </button>
        <button type="button" class="danger" onClick={rotate}>
          {texts.rotateAllTheSame}
        </button>
      </footer>
    </Dialog>
  )
}
