import '../list-style.ts'
import { useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { pageOf } from '../graph/environment-graph.ts'
import { auditTexts as texts } from '../later-texts.ts'
import { Verification } from '../parts/audit-verification.tsx'
import { Empty, Shown } from '../parts/states.tsx'
import { perform } from '../perform.ts'
import { texts as common } from '../texts.ts'
import { useLoaded } from '../use-loaded.ts'

interface Line {
  readonly time: string
  readonly event: string
  readonly result: string
  readonly environment: string
  readonly user: string
  readonly token?: string
  readonly address?: string
  readonly host: string
  readonly command?: string
  readonly details?: Readonly<Record<string, unknown>>
}

/** Lines of a page. */
const pageSize = 100

/** The lines that are wanted; an empty text does not matter. Times are local, as in the form. */
interface Filter {
  readonly environment: string
  readonly user: string
  readonly token: string
  readonly event: string
  readonly result: string
  readonly since: string
  readonly until: string
}

const all: Filter = { environment: '', user: '', token: '', event: '', result: '', since: '', until: '' }

const results = ['allowed', 'done', 'failed', 'denied'] as const

/** A page of the log: its number, and the time that pages of this list begin before. */
interface Place {
  readonly page: number
  readonly until: string | undefined
}

/** Lines of a page, the newest first, and one more where there is another page. */
interface Page {
  readonly lines: readonly Line[]
  readonly page: number
}

const newest: Place = { page: 0, until: undefined }

/** The audit log of one environment, or of all: newest first, in pages. */
export function Audit({ name }: { name?: string }) {
  const { query } = useLocation()
  const [filter, setFilter] = useState<Filter>({ ...all, ...chosenBy(query) })
  const [place, setPlace] = useState(newest)
  const loaded = useLoaded(() => loadPage(name, filter, place), [name, JSON.stringify(filter), place.page, place.until])
  const older = (lines: readonly Line[]) => {
    const first = lines[0]
    const until = place.until ?? (first && new Date(new Date(first.time).getTime() + 1).toISOString())
    setPlace({ page: place.page + 1, until })
  }
  return (
    <>
      <Filters
        filter={filter}
        withEnvironment={name === undefined}
        loading={loaded.loading}
        change={(next) => {
          setFilter(next)
          setPlace(newest)
        }}
      />
      <Shown of={loaded}>
        {({ lines, page }) => {
          const shown = lines.slice(0, pageSize)
          return (
            <>
              {shown.length === 0 ? (
                <Empty text={isEmpty(filter) ? texts.none : texts.noneFound} />
              ) : (
                <Lines lines={shown} withName={name === undefined} />
              )}
              <nav class="pages" aria-label={texts.pages}>
                <button
                  type="button"
                  class="secondary"
                  disabled={page === 0}
                  onClick={() => setPlace(page === 1 ? newest : { ...place, page: page - 1 })}
                >
                  {texts.newer}
                </button>
                <span role="status">{texts.page(page + 1)}</span>
                <button
                  type="button"
                  class="secondary"
                  disabled={lines.length <= pageSize}
                  onClick={() => older(lines)}
                >
                  {texts.older}
                </button>
              </nav>
            </>
          )
        }}
      </Shown>
      <Verification />
    </>
  )
}

async function loadPage(name: string | undefined, filter: Filter, { page, until }: Place): Promise<Page> {
  const { environment, user, token, event, result, since } = filter
  const input = {
    events: event === '' ? [] : event.split(/[\s,]+/).filter(Boolean),
    ...(user !== '' && { user }),
    ...(token !== '' && { token }),
    ...(result !== '' && { result }),
    ...(since !== '' && { since: new Date(since).toISOString() }),
    ...(filter.until !== '' && { until: new Date(filter.until).toISOString() }),
    ...(until !== undefined && { until }),
    most: pageSize + 1,
    skip: page * pageSize,
  }
  const { result: lines } =
    name === undefined
      ? await perform<readonly Line[]>('list-audit-lines', undefined, {
          ...input,
          ...(environment !== '' && { pattern: environment }),
        })
      : await perform<readonly Line[]>('list-environment-audit-lines', name, input)
  return { lines: [...lines].reverse(), page }
}

function chosenBy(query: Readonly<Record<string, string>>): Partial<Filter> {
  return Object.fromEntries(Object.keys(all).flatMap((key) => (query[key] === undefined ? [] : [[key, query[key]]])))
}

function isEmpty(filter: Filter): boolean {
  return Object.values(filter).every((each) => each === '')
}

interface FiltersProps {
  readonly filter: Filter
  readonly withEnvironment: boolean
  readonly loading: boolean
  readonly change: (filter: Filter) => void
}

function Filters({ filter, withEnvironment, loading, change }: FiltersProps) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    change({
      ...all,
      ...Object.fromEntries([...form].map(([key, value]) => [key, String(value).trim()])),
    })
  }
  // What was typed and not applied yet stays while lines are loaded.
  const text = (key: keyof Filter) => (
    <label key={key}>
      {texts.filters[key]}
      <input name={key} defaultValue={filter[key]} placeholder={texts.hints[key]} autocomplete="off" />
    </label>
  )
  const time = (key: 'since' | 'until') => (
    <label key={key}>
      {texts.filters[key]}
      <input name={key} type="datetime-local" step="1" defaultValue={filter[key]} />
    </label>
  )
  return (
    <form class="filters" aria-busy={loading} onSubmit={submit} key={JSON.stringify(filter)}>
      {withEnvironment && text('environment')}
      {text('user')}
      {text('token')}
      {text('event')}
      <label>
        {texts.filters.result}
        <select name="result">
          <option value="">{texts.any}</option>
          {results.map((each) => (
            <option key={each} value={each} selected={each === filter.result}>
              {each}
            </option>
          ))}
        </select>
      </label>
      {time('since')}
      {time('until')}
      <div class="buttons">
        <button type="submit">{texts.apply}</button>
        <button type="button" class="secondary" disabled={isEmpty(filter)} onClick={() => change(all)}>
          {texts.clear}
        </button>
      </div>
    </form>
  )
}

function Lines({ lines, withName }: { lines: readonly Line[]; withName: boolean }) {
  const heads = [common.audit.when, common.audit.who, common.audit.what, common.audit.result]
  return (
    <div class="wide">
      <table>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
            <th scope="col" class="less">
              {common.audit.from}
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line, at) => (
            <Row key={`${line.time} ${at}`} line={line} withName={withName} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ line, withName }: { line: Line; withName: boolean }) {
  const { time, user, event, environment, result, token, address, host, command, details = {} } = line
  const more = Object.entries(details).map(
    ([key, value]) => `${key}: ${Array.isArray(value) ? value.join(', ') : value}`,
  )
  const bad = result === 'denied' || result === 'failed'
  return (
    <tr>
      <td>
        <time dateTime={time}>{localTime(time)}</time>
      </td>
      <td>
        {user}
        {token !== undefined && token !== user && <div class="detail">{texts.byToken(token)}</div>}
      </td>
      <td>
        {event}
        {withName && environment !== '*' && (
          <div class="detail">
            <a href={pageOf(environment)}>{environment}</a>
          </div>
        )}
        {more.length > 0 && <div class="detail">{more.join('; ')}</div>}
      </td>
      <td>
        <span class={`mark ${bad ? 'bad' : result === 'done' ? 'good' : ''}`}>{result}</span>
      </td>
      <td class="less">
        {address ?? host}
        {command !== undefined && <div class="detail">{command}</div>}
      </td>
    </tr>
  )
}

/** A time to the second, in the zone of the reader. */
function localTime(time: string): string {
  return new Date(time).toLocaleString('sv-SE')
}
