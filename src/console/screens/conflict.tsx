import { useState } from 'preact/hooks'
import type { ReadDefinition } from '../drafts.ts'
import type { EditedDefinition, ProposedMerge, Side } from '../editing.ts'
import { editorTexts } from '../later-texts.ts'
import { Dialog } from '../parts/dialog.tsx'
import { compareLines } from '../parts/line-diff.ts'
import { LineDiff } from '../parts/line-diff-view.tsx'
import { Shown } from '../parts/states.tsx'
import { useLoaded } from '../use-loaded.ts'

type Chosen = Readonly<Record<string, Side>>

/**
 * Somebody saved first: both versions, and the two merged key by key. Where both changed the same
 * key, the person chooses.
 */
export function Conflict({
  definition,
  base,
  theirs,
  text,
  busy,
  close,
  resolve,
}: {
  definition: EditedDefinition
  base: ReadDefinition
  theirs: ReadDefinition
  text: string
  busy: boolean
  close: () => void
  /** Puts a text into the editor, made from their revision now; saves it where that is wanted. */
  resolve: (text: string, shouldSave: boolean) => void
}) {
  const [chosen, setChosen] = useState<Chosen>({})
  const choices = Object.entries(chosen).map(([path, side]) => ({ path, side }))
  const merged = useLoaded(
    () => definition.merge({ text, base: Number(base.revision), theirs: Number(theirs.revision), chosen: choices }),
    [text, theirs.revision, JSON.stringify(chosen)],
  )
  return (
    <Dialog title={editorTexts.conflict} close={close}>
      <p>{editorTexts.conflictHint(base.revision, theirs.revision)}</p>
      <div class="sides">
        <Version title={editorTexts.theirs(theirs.revision)} before={base.text} after={theirs.text} />
        <Version title={editorTexts.yours} before={base.text} after={text} />
      </div>
      <Shown of={merged}>
        {(proposed) => {
          const open = proposed?.conflicts.filter(({ path }) => chosen[path] === undefined).length ?? 0
          return (
            <>
              {proposed === null ? (
                <p class="failure">{editorTexts.unmergeable}</p>
              ) : (
                <Merge
                  merge={proposed}
                  chosen={chosen}
                  choose={(path, side) => setChosen({ ...chosen, [path]: side })}
                  theirs={theirs}
                />
              )}
              <footer>
                <button type="button" class="secondary" onClick={close}>
                  {editorTexts.keepEditing}
                </button>
                <button type="button" class="secondary" disabled={busy} onClick={() => resolve(theirs.text, false)}>
                  {editorTexts.takeTheirs}
                </button>
                {proposed === null ? (
                  <button type="button" disabled={busy} onClick={() => resolve(text, true)}>
                    {editorTexts.saveMine}
                  </button>
                ) : (
                  <button
                    type="button"
                    disabled={busy || merged.loading || open > 0}
                    onClick={() => resolve(proposed.text, true)}
                  >
                    {open > 0 ? editorTexts.chooseFirst(open) : editorTexts.saveMerged}
                  </button>
                )}
              </footer>
            </>
          )
        }}
      </Shown>
    </Dialog>
  )
}

function Version({ title, before, after }: { title: string; before: string; after: string }) {
  return (
    <section>
      <h3>{title}</h3>
      <LineDiff lines={compareLines(before, after)} />
    </section>
  )
}

function Merge({
  merge: { text, conflicts, taken },
  chosen,
  choose,
  theirs,
}: {
  merge: ProposedMerge
  chosen: Chosen
  choose: (path: string, side: Side) => void
  theirs: ReadDefinition
}) {
  return (
    <>
      {conflicts.map((conflict) => (
        <fieldset key={conflict.path}>
          <legend>
            <code>{conflict.path}</code> {editorTexts.bothChanged}
          </legend>
          {(['ours', 'theirs'] as const).map((side) => (
            <label key={side}>
              <input
                type="radio"
                name={conflict.path}
                checked={chosen[conflict.path] === side}
                onChange={() => choose(conflict.path, side)}
              />
              {side === 'ours' ? editorTexts.mine : editorTexts.theirOne}{' '}
              <code>{conflict[side] ?? editorTexts.removed}</code>
            </label>
          ))}
        </fieldset>
      ))}
      {taken.length > 0 && (
        <p>
          {editorTexts.taken} <code>{taken.join(', ')}</code>
        </p>
      )}
      <h3>{editorTexts.merged(theirs.revision)}</h3>
      <LineDiff lines={compareLines(theirs.text, text)} />
    </>
  )
}
