import { useState } from 'preact/hooks'
import { callApi, environmentPath } from '../api.ts'
import { Dialog } from '../parts/dialog.tsx'
import { compareLines } from '../parts/line-diff.ts'
import { LineDiff } from '../parts/line-diff-view.tsx'
import { Failure, Shown } from '../parts/states.tsx'
import { When } from '../parts/when.tsx'
import { perform } from '../perform.ts'
import { useSignedIn } from '../session.ts'
import { texts } from '../texts.ts'
import { useLoaded } from '../use-loaded.ts'
import type { TabProps } from './tab.ts'

interface Revision {
  readonly number: number
  readonly created: string
  readonly author: { readonly name: string }
  readonly change: string
  readonly rotated: readonly string[]
  readonly from?: string
  readonly tags: readonly string[]
  readonly retraction?: { readonly reason?: string }
}

/** The revisions of an environment, newest first: what each was, comparing two, rolling back. */
export function Revisions({ name }: TabProps) {
  const loaded = useLoaded(async () => (await perform<readonly Revision[]>('list-revisions', name)).result, [name])
  const [chosen, setChosen] = useState<readonly number[]>([])
  const [comparing, setComparing] = useState(false)
  const [back, setBack] = useState<number>()
  const toggle = (number: number) =>
    setChosen(chosen.includes(number) ? chosen.filter((each) => each !== number) : [...chosen, number].slice(-2))
  const [from = 0, to = 0] = [...chosen].sort((a, b) => a - b)
  return (
    <Shown of={loaded}>
      {(revisions) => (
        <>
          <div class="heading">
            <span class="muted">{texts.revisions.pick}</span>
            <button type="button" class="secondary" disabled={chosen.length < 2} onClick={() => setComparing(true)}>
              {texts.revisions.compare}
            </button>
          </div>
          <div class="wide">
            <table>
              <thead>
                <tr>
                  <th scope="col">{texts.revisions.number}</th>
                  <th scope="col">{texts.revisions.change}</th>
                  <th scope="col" class="less">
                    {texts.revisions.author}
                  </th>
                  <th scope="col">{texts.revisions.when}</th>
                  <th scope="col">{texts.revisions.tags}</th>
                  <th scope="col">
                    <span class="unseen">{texts.common.actions}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {revisions.map((revision, index) => (
                  <RevisionLine
                    key={revision.number}
                    revision={revision}
                    isNewest={index === 0}
                    chosen={chosen.includes(revision.number)}
                    toggle={() => toggle(revision.number)}
                    rollBack={() => setBack(revision.number)}
                  />
                ))}
              </tbody>
            </table>
          </div>
          {comparing && <Comparison name={name} from={from} to={to} close={() => setComparing(false)} />}
          {back !== undefined && (
            <RollBack name={name} revision={back} close={() => setBack(undefined)} done={loaded.reload} />
          )}
        </>
      )}
    </Shown>
  )
}

function RevisionLine({
  revision: { number, created, author, change, rotated, from, tags, retraction },
  isNewest,
  chosen,
  toggle,
  rollBack,
}: {
  revision: Revision
  isNewest: boolean
  chosen: boolean
  toggle: () => void
  rollBack: () => void
}) {
  return (
    <tr>
      <th scope="row">
        <label class="pick">
          <input type="checkbox" checked={chosen} onChange={toggle} />
          {number}
        </label>
      </th>
      <td>
        {change}
        {from !== undefined && ` @${from}`}
        {rotated.length > 0 && <div class="detail">{rotated.join(', ')}</div>}
        {retraction && (
          <span class="mark bad" title={retraction.reason}>
            {texts.revisions.retracted}
          </span>
        )}
      </td>
      <td class="less">{author.name}</td>
      <td>
        <When at={created} />
      </td>
      <td>{(isNewest ? ['latest', ...tags] : tags).join(', ')}</td>
      <td class="actions">
        {!isNewest && !retraction && (
          <button
            type="button"
            class="secondary"
            aria-label={`${texts.revisions.rollBack} ${number}`}
            onClick={rollBack}
          >
            {texts.revisions.rollBack}
          </button>
        )}
      </td>
    </tr>
  )
}

/** The definitions of two revisions, line by line. Secrets stay encrypted in both. */
function Comparison({ name, from, to, close }: { name: string; from: number; to: number; close: () => void }) {
  const { organization } = useSignedIn()
  const loaded = useLoaded(
    async (signal) => {
      const path = environmentPath(organization, name)
      const read = (version: number) => callApi('GET', `${path}/versions/${version}`, undefined, signal)
      const [before, after] = await Promise.all([read(from), read(to)])
      return compareLines(before.text, after.text)
    },
    [name, from, to],
  )
  return (
    <Dialog title={texts.revisions.compareTitle(from, to)} close={close}>
      <Shown of={loaded}>{(lines) => <LineDiff lines={lines} />}</Shown>
      <footer>
        <button type="button" onClick={close}>
          {texts.common.close}
        </button>
      </footer>
    </Dialog>
  )
}

function RollBack({
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
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const roll = () => {
    setBusy(true)
    perform('roll-back', `${name}@${revision}`, { exact: false, force: false })
      .then(() => {
        done()
        close()
      }, setError)
      .finally(() => setBusy(false))
  }
  return (
    <Dialog title={texts.revisions.confirm(revision)} close={close}>
      <p>{texts.revisions.explain}</p>
      {error && <Failure error={error} />}
      <footer>
        <button type="button" class="secondary" onClick={close}>
          {texts.common.cancel}
        </button>
        <button type="button" aria-busy={busy} disabled={busy} onClick={roll}>
          {texts.revisions.rollBack}
        </button>
      </footer>
    </Dialog>
  )
}
