import '../../list-style.ts'
import { useState } from 'preact/hooks'
import { revisionTexts as texts } from '../../environment-texts.ts'
import { graphTexts } from '../../later-texts.ts'
import { later } from '../../parts/later.tsx'
import { Shown } from '../../parts/states.tsx'
import { RightsNote } from '../../rights.tsx'
import { useLoaded } from '../../use-loaded.ts'
import type { TabProps } from '../tab.ts'
import { loadRevisions, type Revision } from './revision.ts'
import { RevisionLine } from './revision-line.tsx'

const Comparison = later(async () => (await import('./comparison.tsx')).Comparison)
const RollBack = later(async () => (await import('./roll-back.tsx')).RollBack)
const Retract = later(async () => (await import('./retract.tsx')).Retract)
const Tags = later(async () => (await import('./tags.tsx')).Tags)

/** Revisions that are shown at first, and with each "Show more". */
const step = 100

type Open = { readonly what: 'back' | 'retract' | 'tags'; readonly revision: number } | { readonly what: 'compare' }

/** The revisions of an environment, newest first: what each was, comparing two, and undoing. */
export function Revisions({ name }: TabProps) {
  const loaded = useLoaded(() => loadRevisions(name), [name])
  return <Shown of={loaded}>{(revisions) => <List name={name} revisions={revisions} reload={loaded.reload} />}</Shown>
}

function List({ name, revisions, reload }: { name: string; revisions: readonly Revision[]; reload: () => void }) {
  const [chosen, setChosen] = useState<readonly number[]>([])
  const [open, setOpen] = useState<Open>()
  const [most, setMost] = useState(step)
  const toggle = (number: number) =>
    setChosen(chosen.includes(number) ? chosen.filter((each) => each !== number) : [...chosen, number].slice(-2))
  const [from = 0, to = 0] = [...chosen].sort((a, b) => a - b)
  return (
    <>
      <div class="heading">
        <span class="muted">{chosen.length < 2 ? texts.pick : texts.picked(from, to)}</span>
        <button
          type="button"
          class="secondary"
          disabled={chosen.length < 2}
          onClick={() => setOpen({ what: 'compare' })}
        >
          {texts.compare}
        </button>
      </div>
      <RightsNote operations={['roll-back', 'tag-revision', 'retract-revision']} />
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">{texts.number}</th>
              <th scope="col">{texts.change}</th>
              <th scope="col" class="less">
                {texts.author}
              </th>
              <th scope="col">{texts.when}</th>
              <th scope="col" class="less">
                {texts.tags}
              </th>
              <th scope="col">
                <span class="unseen">{texts.actionsOf}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {revisions.slice(0, most).map((revision, index) => (
              <RevisionLine
                key={revision.number}
                revision={revision}
                isNewest={index === 0}
                chosen={chosen.includes(revision.number)}
                toggle={() => toggle(revision.number)}
                open={(what) => setOpen({ what, revision: revision.number })}
              />
            ))}
          </tbody>
        </table>
      </div>
      {revisions.length > most && (
        <button type="button" class="secondary" onClick={() => setMost(most + step)}>
          {graphTexts.showMore}
        </button>
      )}
      <Dialogs {...{ name, revisions, open, from, to, reload }} close={() => setOpen(undefined)} />
    </>
  )
}

function Dialogs({
  open,
  from,
  to,
  ...rest
}: {
  name: string
  revisions: readonly Revision[]
  open: Open | undefined
  from: number
  to: number
  close: () => void
  reload: () => void
}) {
  switch (open?.what) {
    case 'compare':
      return <Comparison name={rest.name} from={from} to={to} close={rest.close} />
    case 'back':
      return <RollBack name={rest.name} revision={open.revision} close={rest.close} done={rest.reload} />
    case 'retract':
      return <Retract {...rest} revision={open.revision} />
    case 'tags':
      return <Tags {...rest} revision={open.revision} />
    default:
      return null
  }
}
