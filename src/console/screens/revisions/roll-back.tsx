import { useState } from 'preact/hooks'
import { revisionTexts as texts } from '../../environment-texts.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { SideBySide } from '../../parts/side-by-side.tsx'
import { Failure, Shown } from '../../parts/states.tsx'
import { perform } from '../../perform.ts'
import { texts as shared } from '../../texts.ts'
import { useLoaded } from '../../use-loaded.ts'

interface Preview {
  readonly text: string
  readonly present: string
  readonly newest: number
  readonly to: number
  readonly kept: readonly string[]
  readonly left: readonly { readonly path: string; readonly revision: number }[]
}

interface RolledBack {
  readonly saved: { readonly kind: string; readonly diagnostics?: readonly { readonly summary: string }[] }
}

/** Asks before rolling back, with what changes and which rotated secrets stay as they are. */
export function RollBack({
  name,
  revision,
  close,
  done,
}: {
  name: string
  revision: number
  close: () => void
  done: () => void
}) {
  const preview = useLoaded(
    async () => (await perform<Preview>('preview-roll-back', `${name}@${revision}`)).result,
    [name, revision],
  )
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const roll = async () => {
    setBusy(true)
    setError(undefined)
    try {
      const input = { exact: false, force: false }
      const { saved } = (await perform<RolledBack>('roll-back', `${name}@${revision}`, input)).result
      if (saved.kind === 'refused')
        throw new Error([texts.refused, ...(saved.diagnostics ?? []).map(({ summary }) => summary)].join('\n'))
      close()
      done()
    } catch (problem) {
      setError(problem as Error)
      setBusy(false)
    }
  }
  return (
    <Dialog title={texts.rollBackTitle(revision)} close={close} wide>
      <Shown of={preview}>{(planned) => <Planned {...planned} />}</Shown>
      {error && <Failure error={error} />}
      <footer>
        <button type="button" class="secondary" onClick={close}>
          {shared.common.cancel}
        </button>
        <button
          type="button"
          aria-busy={busy}
          disabled={busy || preview.value === undefined}
          onClick={() => void roll()}
        >
          {texts.rollBack}
        </button>
      </footer>
    </Dialog>
  )
}

function Planned({ text, present, newest, to, kept, left }: Preview) {
  return (
    <>
      <p>{texts.rollBackExplains(to, newest)}</p>
      {kept.length > 0 && (
        <>
          <p>{texts.keptExplains}</p>
          <ul>
            {kept.map((path) => (
              <li key={path}>
                <code>{path}</code> <span class="mark good">{texts.stays}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {left.length > 0 && (
        <>
          <p>{texts.leftExplains}</p>
          <ul>
            {left.map(({ path, revision }) => (
              <li key={path} class="bad">
                <code>{path}</code> ({texts.revisionNumber(revision)})
              </li>
            ))}
          </ul>
        </>
      )}
      <SideBySide before={{ title: texts.present(newest), text: present }} after={{ title: texts.afterwards, text }} />
    </>
  )
}
