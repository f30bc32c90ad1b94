import { useMemo, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { getJson, sendJson } from '../api.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Empty, Failure, Shown } from '../parts/states.tsx'
import { When } from '../parts/when.tsx'
import { useSignedIn } from '../session.ts'
import { texts } from '../texts.ts'
import { useLoaded } from '../use-loaded.ts'

interface Listed {
  readonly project: string
  readonly name: string
  readonly modified: string
}

async function loadAll(organization: string, signal: AbortSignal): Promise<readonly Listed[]> {
  const all: Listed[] = []
  let token: string | undefined
  do {
    const query = new URLSearchParams({ maxResults: '500', ...(token !== undefined && { continuationToken: token }) })
    const page = await getJson<{ environments: Listed[]; nextToken?: string }>(
      `/api/esc/environments/${encodeURIComponent(organization)}?${query}`,
      signal,
    )
    all.push(...page.environments)
    token = page.nextToken
  } while (token !== undefined)
  return all
}

/** Rows that are shown at first, and with each "Show more". */
const step = 200

/** All environments, by project, with a search. */
export function Environments() {
  const { organization } = useSignedIn()
  const loaded = useLoaded((signal) => loadAll(organization, signal), [organization])
  const [search, setSearch] = useState('')
  const [creating, setCreating] = useState(false)
  return (
    <>
      <div class="heading">
        <h1>{texts.environments.title}</h1>
        <button type="button" onClick={() => setCreating(true)}>
          {texts.environments.create}
        </button>
      </div>
      <input
        type="search"
        placeholder={texts.environments.search}
        aria-label={texts.environments.search}
        value={search}
        onInput={(event) => setSearch(event.currentTarget.value)}
      />
      <Shown of={loaded}>{(all) => <List all={all} search={search} />}</Shown>
      {creating && <Create close={() => setCreating(false)} />}
    </>
  )
}

function List({ all, search }: { all: readonly Listed[]; search: string }) {
  const [most, setMost] = useState(step)
  const words = search.toLowerCase().split(/\s+/)
  const found = useMemo(
    () => all.filter(({ project, name }) => words.every((word) => `${project}/${name}`.toLowerCase().includes(word))),
    [all, search],
  )
  if (found.length === 0)
    return <Empty text={all.length === 0 ? texts.environments.none : texts.environments.noneFound} />
  const projects = new Map<string, Listed[]>()
  for (const each of found.slice(0, most)) {
    const known = projects.get(each.project)
    if (known === undefined) projects.set(each.project, [each])
    else known.push(each)
  }
  return (
    <>
      {[...projects].map(([project, environments]) => (
        <section key={project} class="project">
          <h2>{project}</h2>
          <ul>
            {environments.map(({ name, modified }) => (
              <li key={name}>
                <a href={`/environments/${project}/${name}`}>{name}</a>
                <small>
                  {texts.environments.modified} <When at={modified} />
                </small>
              </li>
            ))}
          </ul>
        </section>
      ))}
      {found.length > most && (
        <button type="button" class="secondary" onClick={() => setMost(most + step)}>
          {texts.environments.loadMore}
        </button>
      )}
    </>
  )
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
        <label>
          {texts.environments.project}
          <input name="project" required maxLength={100} pattern="[A-Za-z0-9_\-][A-Za-z0-9._\-]*" autocomplete="off" />
        </label>
        <label>
          {texts.environments.name}
          <input name="name" required maxLength={100} pattern="[A-Za-z0-9_\-][A-Za-z0-9._\-]*" autocomplete="off" />
        </label>
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
