import type { ReadDefinition } from '../drafts.ts'
import type { EditedDefinition, ShownChange } from '../editing.ts'
import { editorTexts } from '../later-texts.ts'
import { Dialog } from '../parts/dialog.tsx'
import { compareLines } from '../parts/line-diff.ts'
import { LineDiff } from '../parts/line-diff-view.tsx'
import { Failure, Shown } from '../parts/states.tsx'
import { Action } from '../rights.tsx'
import { texts } from '../texts.ts'
import { useLoaded } from '../use-loaded.ts'

/** Shows what saving would change: key by key, without secrets, and line by line. */
export function SaveReview({
  definition,
  base,
  text,
  mistakes,
  busy,
  error,
  save,
  close,
}: {
  definition: EditedDefinition
  base: ReadDefinition
  text: string
  mistakes: number
  busy: boolean
  error: Error | undefined
  save: () => void
  close: () => void
}) {
  const loaded = useLoaded(() => definition.changes(text, Number(base.revision)), [text, base.revision])
  return (
    <Dialog title={editorTexts.review} close={close}>
      <Shown of={loaded}>
        {(changes) => (changes === null ? <p>{editorTexts.unreadable}</p> : <Changes changes={changes} />)}
      </Shown>
      <details>
        <summary>{editorTexts.lines}</summary>
        <LineDiff lines={compareLines(base.text, text)} />
      </details>
      {mistakes > 0 && <p class="failure">{editorTexts.refused(mistakes)}</p>}
      {error && <Failure error={error} />}
      <footer>
        <button type="button" class="secondary" onClick={close}>
          {texts.common.cancel}
        </button>
        <Action does="replace-definition" busy={busy} onClick={save}>
          {editorTexts.save}
        </Action>
      </footer>
    </Dialog>
  )
}

function Changes({ changes }: { changes: readonly ShownChange[] }) {
  if (changes.length === 0) return <p>{editorTexts.sameValues}</p>
  return (
    <ul class="changes">
      {changes.map(({ path, before, after }) => (
        <li key={path}>
          <code>{path}</code>{' '}
          {before === undefined ? (
            <>
              {editorTexts.added} <ins>{after}</ins>
            </>
          ) : after === undefined ? (
            <>
              {editorTexts.removed} <del>{before}</del>
            </>
          ) : (
            <>
              <del>{before}</del> → <ins>{after}</ins>
            </>
          )}
        </li>
      ))}
    </ul>
  )
}
