import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { ApiError, callApi, environmentPath } from '../api.ts'
import { draftOf, keepDraft, type ReadDefinition } from '../drafts.ts'
import { type CheckedEdit, EditedDefinition, type PlaceFacts } from '../editing.ts'
import { editorTexts } from '../later-texts.ts'
import { Failure, Shown } from '../parts/states.tsx'
import { Action, RightsNote } from '../rights.tsx'
import { useSignedIn } from '../session.ts'
import { useLoaded } from '../use-loaded.ts'
import { Conflict } from './conflict.tsx'
import { DefinitionEditor } from './definition-editor.ts'
import { Facts } from './definition-hover.tsx'
import { EditedResult } from './edited-result.tsx'
import { SaveReview } from './save-review.tsx'
import type { TabProps } from './tab.ts'

async function readDefinition(path: string, signal?: AbortSignal): Promise<ReadDefinition> {
  const { text, headers } = await callApi('GET', path, undefined, signal)
  return { text, etag: headers.get('etag') ?? '', revision: headers.get('pulumi-esc-revision') ?? '' }
}

/** The definition of an environment: edited with what the server knows of it, and saved. */
export function Editor({ name }: TabProps) {
  const { organization } = useSignedIn()
  const path = environmentPath(organization, name)
  const draft = draftOf(name)
  const loaded = useLoaded(async (signal) => draft?.read ?? (await readDefinition(path, signal)), [path])
  return (
    <Shown of={loaded}>
      {(read) => <Editing key={path} name={name} path={path} read={read} draft={draft?.text ?? read.text} />}
    </Shown>
  )
}

interface EditingProps extends TabProps {
  readonly path: string
  readonly read: ReadDefinition
  /** The text to begin with: what was typed before, where that is not saved. */
  readonly draft: string
}

/** The things that a dialog is open for. */
type Asking =
  | { readonly kind: 'review'; readonly text: string }
  | { readonly kind: 'conflict'; readonly text: string; readonly theirs: ReadDefinition }

function Editing({ name, path, read, draft }: EditingProps) {
  const { editor, place, state, base, setBase, text, found } = useEditor({ name, path, read, draft })
  const [asking, setAsking] = useState<Asking>()
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const [told, setTold] = useState<string>()
  state.current.save = () => {
    setError(undefined)
    if (editor.current !== undefined) setAsking({ kind: 'review', text: editor.current.text })
  }
  const save = useCallback(
    async (wanted: string, on: ReadDefinition) => {
      setBusy(true)
      setError(undefined)
      setTold(undefined)
      // Nothing is typed that the answer would overtake.
      editor.current?.setWritable(false)
      try {
        const { headers } = await callApi('PATCH', path, wanted, undefined, { etag: on.etag })
        const saved = {
          text: wanted,
          etag: headers.get('etag') ?? '',
          revision: headers.get('pulumi-esc-revision') ?? '',
        }
        // Its secrets are encrypted now.
        const now = await readDefinition(path).catch(() => saved)
        const written = now.etag === saved.etag ? now : saved
        setBase(written)
        editor.current?.replace(written.text, { undoable: false })
        setTold(editorTexts.saved(written.revision))
        setAsking(undefined)
      } catch (problem) {
        const theirs = isConflict(problem) ? await readDefinition(path).catch(() => undefined) : undefined
        if (theirs !== undefined && theirs.etag !== on.etag) setAsking({ kind: 'conflict', text: wanted, theirs })
        else setError(problem as Error)
      }
      editor.current?.setWritable(true)
      setBusy(false)
    },
    [path],
  )
  const mistakes = found?.diagnostics.filter(({ severity }) => severity === 'error').length ?? 0
  const changed = text !== base.text
  return (
    <>
      <div class="heading">
        <span class="muted" role="status">
          {editorTexts.revision(base.revision)}
          {changed && <span class="mark">{editorTexts.unsaved}</span>}
          {mistakes > 0 && <span class="mark bad">{editorTexts.mistakes(mistakes)}</span>}
          {told !== undefined && !changed && <span class="mark good">{told}</span>}
        </span>
        <div class="buttons">
          <button
            type="button"
            class="secondary"
            disabled={!changed || busy}
            onClick={() => editor.current?.replace(base.text, { undoable: true })}
          >
            {editorTexts.discard}
          </button>
          <Action does="replace-definition" disabled={!changed} busy={busy} onClick={() => state.current.save()}>
            {editorTexts.save}
          </Action>
        </div>
      </div>
      <RightsNote operations={['replace-definition']} />
      {error && asking === undefined && <Failure error={error} />}
      <div class="editing">
        <div>
          <div ref={place} class="editor" />
          <AtCursor name={name} editor={editor.current} actions={state.current} text={text} />
          <p class="muted">{editorTexts.hint}</p>
        </div>
        <EditedResult values={found?.values} failed={state.current.failed} again={() => editor.current?.checkAgain()} />
      </div>
      {asking?.kind === 'review' && (
        <SaveReview
          definition={state.current.definition}
          base={base}
          text={asking.text}
          mistakes={mistakes}
          busy={busy}
          error={error}
          save={() => void save(asking.text, base)}
          close={() => setAsking(undefined)}
        />
      )}
      {asking?.kind === 'conflict' && (
        <Conflict
          key={asking.theirs.etag}
          definition={state.current.definition}
          base={base}
          theirs={asking.theirs}
          text={asking.text}
          busy={busy}
          close={() => setAsking(undefined)}
          resolve={(resolved, shouldSave) => {
            // Ctrl-Z brings back what was typed.
            editor.current?.replace(resolved, { undoable: true })
            setBase(asking.theirs)
            setAsking(undefined)
            if (shouldSave) void save(resolved, asking.theirs)
          }}
        />
      )}
    </>
  )
}

function isConflict(problem: unknown): boolean {
  return problem instanceof ApiError && problem.status === 409
}

/** The functions that the editor calls, which change with each rendering. */
interface EditorState {
  readonly definition: EditedDefinition
  save: () => void
  describe: () => void
  define: () => void
  failed: Error | undefined
}

/** Makes the editor, and keeps what is typed. */
function useEditor({ name, path, read, draft }: EditingProps) {
  const place = useRef<HTMLDivElement>(null)
  const editor = useRef<DefinitionEditor | undefined>(undefined)
  const nothing = () => {}
  const state = useRef<EditorState>({
    definition: new EditedDefinition(name),
    save: nothing,
    describe: nothing,
    define: nothing,
    failed: undefined,
  })
  const [base, showBase] = useState(read)
  const current = useRef(read)
  const [text, setText] = useState(draft)
  const [found, setFound] = useState<CheckedEdit>()
  const [, redraw] = useState(0)
  const { query } = useLocation()
  const keep = (typed: string) =>
    keepDraft(name, typed === current.current.text ? undefined : { text: typed, read: current.current })
  const setBase = (definition: ReadDefinition) => {
    current.current = definition
    showBase(definition)
    if (editor.current !== undefined) keep(editor.current.text)
  }
  useEffect(() => {
    if (place.current === null) return
    const made = new DefinitionEditor(place.current, {
      text: draft,
      label: editorTexts.label,
      definition: state.current.definition,
      changed: (typed) => {
        keep(typed)
        setText(typed)
      },
      checked: (answer) => {
        state.current.failed = answer instanceof Error ? answer : undefined
        if (answer instanceof Error) redraw((before) => before + 1)
        else setFound((before) => ({ ...answer, values: sameOr(before?.values, answer.values) }))
      },
      save: () => state.current.save(),
      describe: () => state.current.describe(),
      define: () => state.current.define(),
    })
    editor.current = made
    redraw((before) => before + 1)
    return () => made.close()
  }, [path])
  useEffect(() => {
    if (query.line !== undefined) editor.current?.goTo(Number(query.line) || 1, Number(query.column) || 1)
  }, [query.line, query.column])
  return { editor, place, state, base, setBase, text, found }
}

/** The values of before, where those of now are the same or could not be found out. */
function sameOr(before: CheckedEdit['values'], now: CheckedEdit['values']): CheckedEdit['values'] {
  return now === undefined || JSON.stringify(before) === JSON.stringify(now) ? before : now
}

/** Buttons for the place of the cursor, and what is known of it. */
function AtCursor({
  name,
  editor,
  actions,
  text,
}: {
  name: string
  editor: DefinitionEditor | undefined
  actions: EditorState
  text: string
}) {
  const { route } = useLocation()
  const [facts, setFacts] = useState<PlaceFacts>()
  const [told, setTold] = useState<string>()
  const [error, setError] = useState<Error>()
  useEffect(() => setFacts(undefined), [text])
  const ask = async (work: (at: DefinitionEditor) => Promise<void>) => {
    if (editor === undefined) return
    setTold(undefined)
    setError(undefined)
    setFacts(undefined)
    await work(editor).catch((problem: Error) => setError(problem))
  }
  actions.describe = () =>
    void ask(async (at) => {
      const known = await actions.definition.facts(at.text, at.offset)
      if (known === null) setTold(editorTexts.nothingKnown)
      else setFacts(known)
    })
  actions.define = () =>
    void ask(async (at) => {
      const [target] = await actions.definition.definitions(at.text, at.offset)
      if (target === undefined) setTold(editorTexts.nowhereDefined)
      else if (target.environment === name) at.goTo(target.line ?? 1, target.column ?? 1)
      else route(`/environments/${target.environment}/editor?line=${target.line ?? 1}&column=${target.column ?? 1}`)
    })
  const encrypt = () =>
    void ask(async (at) => {
      const before = at.text
      const { edits, encrypted } = await actions.definition.encrypt(before, at.offset)
      if (at.text !== before) return
      at.apply(edits)
      if (!encrypted) setTold(editorTexts.encryptedLater)
    })
  return (
    <>
      <div class="buttons">
        <button type="button" class="secondary" onClick={() => actions.describe()}>
          {editorTexts.describe} <kbd>F1</kbd>
        </button>
        <button type="button" class="secondary" onClick={() => actions.define()}>
          {editorTexts.define} <kbd>F12</kbd>
        </button>
        <button type="button" class="secondary" onClick={encrypt}>
          {editorTexts.encrypt}
        </button>
      </div>
      <div role="status">
        {facts !== undefined && (
          <div class="facts">
            <Facts facts={facts} />
          </div>
        )}
        {told !== undefined && <p class="muted">{told}</p>}
      </div>
      {error && <Failure error={error} />}
    </>
  )
}
