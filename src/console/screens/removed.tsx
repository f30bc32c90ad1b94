import { useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { pageOf } from '../graph/environment-graph.ts'
import { removedTexts as texts } from '../later-texts.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Empty, Failure, Shown } from '../parts/states.tsx'
import { When } from '../parts/when.tsx'
import { perform } from '../perform.ts'
import { texts as common } from '../texts.ts'
import { useLoaded } from '../use-loaded.ts'

interface Removed {
  readonly name: string
  readonly id: string
  readonly at?: string
  readonly by?: string
}

/** Environments that were removed; each can be brought back with its history and its key. */
export function RemovedEnvironments({ close }: { close: () => void }) {
  const { route } = useLocation()
  const loaded = useLoaded(
    async () => (await perform<readonly Removed[]>('list-removed-environments', undefined)).result,
    [],
  )
  const [error, setError] = useState<Error>()
  const restore = ({ name, id }: Removed) =>
    void perform('restore-environment', name, { id }).then(() => route(pageOf(name)), setError)
  return (
    <Dialog title={texts.title} close={close}>
      <p class="muted">{texts.hint}</p>
      <Shown of={loaded}>
        {(all) =>
          all.length === 0 ? (
            <Empty text={texts.none} />
          ) : (
            <ul class="linked">
              {all.map((each) => (
                <li key={each.id} class="heading">
                  <span>
                    {each.name}
                    <div class="detail">
                      <When at={each.at} /> {each.by !== undefined && texts.by(each.by)}
                    </div>
                  </span>
                  <button
                    type="button"
                    class="secondary"
                    aria-label={`${texts.restore} ${each.name}`}
                    onClick={() => restore(each)}
                  >
                    {texts.restore}
                  </button>
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
      {error && <Failure error={error} />}
      <footer>
        <button type="button" class="secondary" onClick={close}>
          {common.common.close}
        </button>
      </footer>
    </Dialog>
  )
}
