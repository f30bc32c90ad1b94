import { useState } from 'preact/hooks'
import { revisionTexts as texts } from '../../environment-texts.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Failure } from '../../parts/states.tsx'
import { perform } from '../../perform.ts'
import { Action } from '../../rights.tsx'
import { texts as shared } from '../../texts.ts'
import type { Revision } from './revision.ts'

/** The tags of a revision: adds one, moves one here, removes one. */
export function Tags({
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
  const [tag, setTag] = useState('')
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const { tags = [] } = revisions.find(({ number }) => number === revision) ?? {}
  const holder = revisions.find((each) => each.tags.includes(tag) && each.number !== revision)
  const all = revisions.flatMap((each) => (each.number === revision ? [] : each.tags))
  const send = (done: Promise<unknown>) => {
    setBusy(true)
    setError(undefined)
    done
      .then(() => {
        setTag('')
        reload()
      }, setError)
      .finally(() => setBusy(false))
  }
  const add = (event: SubmitEvent) => {
    event.preventDefault()
    send(perform('tag-revision', `${name}@${tag}`, String(revision)))
  }
  return (
    <Dialog title={texts.tagTitle(revision)} close={close}>
      {tags.length === 0 ? (
        <p class="muted">{texts.noTags}</p>
      ) : (
        <>
          <ul class="tags">
            {tags.map((each) => (
              <li key={each}>
                <span class="mark">{each}</span>{' '}
                <Action
                  does="remove-revision-tag"
                  class="secondary"
                  aria-label={`${texts.removeTag} ${each}`}
                  disabled={busy}
                  onClick={() => send(perform('remove-revision-tag', `${name}@${each}`))}
                >
                  {texts.removeTag}
                </Action>
              </li>
            ))}
          </ul>
          <p class="muted">{texts.removeTagEnds}</p>
        </>
      )}
      <form onSubmit={add}>
        <label>
          {texts.tagName}
          <input
            value={tag}
            required
            autocomplete="off"
            spellcheck={false}
            list="tags-elsewhere"
            onInput={(event) => setTag(event.currentTarget.value.trim())}
          />
        </label>
        <datalist id="tags-elsewhere">
          {all.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
        <p aria-live="polite">{holder !== undefined && texts.moves(tag, holder.number)}</p>
        {error && <Failure error={error} />}
        <footer>
          <button type="button" class="secondary" onClick={close}>
            {shared.common.close}
          </button>
          <button type="submit" aria-busy={busy} disabled={busy || tag === ''}>
            {holder === undefined ? texts.addTag : texts.moveTag}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
