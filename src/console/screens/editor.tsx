import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, callApi, environmentPath } from '../api.ts'
import { Dialog } from '../parts/dialog.tsx'
import { compareLines } from '../parts/line-diff.ts'
import { LineDiff } from '../parts/line-diff-view.tsx'
import { Failure, Shown } from '../parts/states.tsx'
import { useSignedIn } from '../session.ts'
import { texts } from '../texts.ts'
import { useLoaded } from '../use-loaded.ts'
import { DefinitionEditor } from './definition-editor.ts'
import type { TabProps } from './tab.ts'

/** A definition as it was read, and what says whether it still is so. */
interface ReadDefinition {
  readonly text: string
  readonly etag: string
  readonly revision: string
}

/** The definition of an environment, with its mistakes while typing, and saving it. */
export function Editor({ name }: TabProps) {
  const { organization } = useSignedIn()
  const path = environmentPath(organization, name)
  const loaded = useLoaded(
    async (signal): Promise<ReadDefinition> => {
      const { text, headers } = await callApi('GET', path, undefined, signal)
      return { text, etag: headers.get('etag') ?? '', revision: headers.get('pulumi-esc-revision') ?? '' }
    },
    [path],
  )
  return (
    <Shown of={loaded}>
      {(definition) => (
        <Editing
          key={definition.etag}
          path={path}
          organization={organization}
          read={definition}
          reload={loaded.reload}
        />
      )}
    </Shown>
  )
}

function Editing({
  path,
  organization,
  read,
  reload,
}: {
  path: string
  organization: string
  read: ReadDefinition
  reload: () => void
}) {
  const place = useRef<HTMLDivElement>(null)
  const editor = useRef<DefinitionEditor | undefined>(undefined)
  const [changed, setChanged] = useState(false)
  const [mistakes, setMistakes] = useState(0)
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const [reviewing, setReviewing] = useState<string>()
  const [conflict, setConflict] = useState<ReadDefinition>()
  useEffect(() => {
    if (place.current === null) return
    const made = new DefinitionEditor(place.current, {
      text: read.text,
      label: texts.editor.label,
      check: (text, signal) => check(organization, text, signal),
      changed: (text) => setChanged(text !== read.text),
      checked: setMistakes,
      save: () => setReviewing(made.text),
    })
    editor.current = made
    return () => made.close()
  }, [organization, read])
  const save = useCallback(
    async (text: string, etag: string) => {
      setBusy(true)
      setError(undefined)
      try {
        await callApi('PATCH', path, text, undefined, { etag })
        reload()
      } catch (problem) {
        if (problem instanceof ApiError && problem.status === 409) {
          const { text: theirs, headers } = await callApi('GET', path)
          setConflict({
            text: theirs,
            etag: headers.get('etag') ?? '',
            revision: headers.get('pulumi-esc-revision') ?? '',
          })
        } else setError(problem as Error)
      }
      setBusy(false)
      setReviewing(undefined)
    },
    [path, reload],
  )
  return (
    <>
      <div class="heading">
        <span class="muted" role="status">
          {texts.editor.revision(read.revision)}
          {mistakes > 0 && <span class="mark bad">{texts.editor.mistakes(mistakes)}</span>}
        </span>
        <button
          type="button"
          disabled={!changed || busy}
          aria-busy={busy}
          onClick={() => setReviewing(editor.current?.text)}
        >
          {texts.editor.save}
        </button>
      </div>
      {error && <Failure error={error} />}
      <div ref={place} class="editor" />
      <p class="muted">{texts.editor.hint}</p>
      {reviewing !== undefined && (
        <Dialog title={texts.editor.review} close={() => setReviewing(undefined)}>
          <LineDiff lines={compareLines(read.text, reviewing)} />
          <footer>
            <button type="button" class="secondary" onClick={() => setReviewing(undefined)}>
              {texts.common.cancel}
            </button>
            <button type="button" aria-busy={busy} disabled={busy} onClick={() => void save(reviewing, read.etag)}>
              {texts.editor.save}
            </button>
          </footer>
        </Dialog>
      )}
      {conflict !== undefined && (
        <Dialog title={texts.editor.conflict} close={() => setConflict(undefined)}>
          <p>{texts.editor.conflictHint(conflict.revision)}</p>
          <LineDiff lines={compareLines(conflict.text, editor.current?.text ?? '')} />
          <footer>
            <button type="button" class="secondary" onClick={reload}>
              {texts.editor.takeTheirs}
            </button>
            <button type="button" onClick={() => void save(editor.current?.text ?? '', conflict.etag)}>
              {texts.editor.saveMine}
            </button>
          </footer>
        </Dialog>
      )}
    </>
  )
}

/** The mistakes of a definition that is being edited. */
async function check(organization: string, text: string, signal: AbortSignal) {
  if (text.trim() === '') return []
  try {
    await callApi('POST', `/api/esc/environments/${encodeURIComponent(organization)}/yaml/check`, text, signal)
    return []
  } catch (problem) {
    if (problem instanceof ApiError && problem.diagnostics.length > 0) return problem.diagnostics
    throw problem
  }
}
