import { useCallback, useMemo, useRef, useState } from 'preact/hooks'
import { lazy, useLocation } from 'preact-iso'
import { sendJson } from '../api.ts'
import { Dialog } from '../parts/dialog.tsx'
import { NewName } from '../parts/new-name.tsx'
import { Empty, Failure, Shown } from '../parts/states.tsx'
import { type ListRow, VirtualList } from '../parts/virtual-list.tsx'
import { When } from '../parts/when.tsx'
import { perform } from '../perform.ts'
import { useSignedIn } from '../session.ts'
import { texts } from '../texts.ts'
import { useLoaded } from '../use-loaded.ts'

const RemovedEnvironments = lazy(async () => (await import('./removed.tsx')).RemovedEnvironments)
const FirstRun = lazy(async () => (await import('./first-run.tsx')).FirstRun)

/** The names of all environments, sorted. They are read at once: thousands take milliseconds. */
async function loadNames(signal: AbortSignal): Promise<readonly string[]> {
  return (await perform<{ environments: readonly string[] }>('list-environments', undefined, {}, signal)).result
    .environments
}

/** All environments, by project, with a search. */
export function Environments() {
  const loaded = useLoaded(loadNames, [])
  const [search, setSearch] = useState('')
  const [creating, setCreating] = useState(false)
  const [removed, setRemoved] = useState(false)
  const isNew = loaded.value?.length === 0
  return (
    <>
      <div class="heading">
        <h1>{texts.environments.title}</h1>
        <div class="buttons">
          <button type="button" class="secondary" onClick={() => setRemoved(true)}>
            {texts.environments.removed}
          </button>
          {!isNew && (
            <button type="button" onClick={() => setCreating(true)}>
              {texts.environments.create}
            </button>
          )}
        </div>
      </div>
      {!isNew && (
        <input
          type="search"
          placeholder={texts.environments.search}
          aria-label={texts.environments.search}
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      <Shown of={loaded}>{(all) => (all.length === 0 ? <FirstRun /> : <List all={all} search={search} />)}</Shown>
      {removed && <RemovedEnvironments close={() => setRemoved(false)} />}
      {creating && <Create close={() => setCreating(false)} />}
    </>
  )
}

/** Heights of the rows, in pixels. The style sheet has no others. */
const projectHeight = 52
const environmentHeight = 46

function List({ all, search }: { all: readonly string[]; search: string }) {
  const [times, look] = useTimes(all)
  const rows = useMemo(() => {
    const words = search.toLowerCase().split(/\s+/)
    const found = all.filter((name) => words.every((word) => name.toLowerCase().includes(word)))
    const listed: ListRow[] = []
    let last: string | undefined
    for (const full of found) {
      const [project = '', name = ''] = full.split('/')
      if (project !== last) listed.push({ key: `${project}/`, height: projectHeight, show: () => <h2>{project}</h2> })
      last = project
      const show = () => <EnvironmentRow full={full} name={name} modified={times.current.get(full)} />
      listed.push({ key: full, height: environmentHeight, show })
    }
    return listed
  }, [all, search])
  const shown = useCallback((first: number, end: number) => look(rows.slice(first, end).map(({ key }) => key)), [rows])
  if (rows.length === 0) return <Empty text={texts.environments.noneFound} />
  return <VirtualList label={texts.environments.title} rows={rows} shown={shown} />
}

function EnvironmentRow({ full, name, modified }: { full: string; name: string; modified: string | undefined }) {
  return (
    <>
      <a href={`/environments/${full}`}>{name}</a>
      {modified !== undefined && (
        <small>
          {texts.environments.modified} <When at={modified} />
        </small>
      )}
    </>
  )
}

/** So long a list rests before the times of its rows are asked for. */
const restMs = 80
/** Environments that one request is about, at most. */
const most = 200

/**
 * The times at which environments were changed. They are in their revisions, so only those are read
 * that somebody sees.
 */
function useTimes(all: readonly string[]) {
  const times = useRef(new Map<string, string>())
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const [, redraw] = useState(0)
  const look = (seen: readonly string[]) => {
    clearTimeout(timer.current)
    const missing = seen.filter((name) => !name.endsWith('/') && !times.current.has(name))
    const [first] = missing
    if (first === undefined) return
    timer.current = setTimeout(() => {
      // They are sorted, so they are what comes after the one before.
      const at = all.indexOf(first)
      const count = Math.min(most, all.indexOf(missing.at(-1) ?? first) - at + 1)
      const after = at === 0 ? {} : { after: all[at - 1] }
      perform<{ environments: readonly { name: string; modified: string }[] }>('describe-environments', undefined, {
        ...after,
        count,
      }).then(
        ({ result }) => {
          for (const { name, modified } of result.environments) times.current.set(name, modified)
          redraw((before) => before + 1)
        },
        // The names are what counts.
        () => {},
      )
    }, restMs)
  }
  return [times, look] as const
}

function Create({ close }: { close: () => void }) {
  const { organization } = useSignedIn()
  const { route } = useLocation()
  const [error, setError] = useState<Error>()
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const [project, name] = [String(form.get('project')).trim(), String(form.get('name')).trim()]
    sendJson('POST', `/api/esc/environments/${encodeURIComponent(organization)}`, { project, name }).then(
      () => route(`/environments/${project}/${name}`),
      setError,
    )
  }
  return (
    <Dialog title={texts.environments.create} close={close}>
      <form onSubmit={submit}>
        <NewName />
        {error && <Failure error={error} />}
        <footer>
          <button type="button" class="secondary" onClick={close}>
            {texts.common.cancel}
          </button>
          <button type="submit">{texts.environments.create}</button>
        </footer>
      </form>
    </Dialog>
  )
}
