import { useMemo, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { Drawing } from '../graph/drawing.tsx'
import {
  diagramOf,
  type EnvironmentGraph,
  type GraphedEnvironment,
  loadGraph,
  type Neighbours,
  neighboursOf,
  pageOf,
  relatives,
} from '../graph/environment-graph.ts'
import { graphTexts as texts } from '../later-texts.ts'
import { Empty, Shown } from '../parts/states.tsx'
import { useLoaded } from '../use-loaded.ts'

/** More boxes than this take a browser seconds to place. */
const mostDrawn = 400
/** Rows of the list at first, and with each "Show more". */
const step = 200

/** The graph of imports: drawn, and as a list. `?of=` shows one environment and its relatives. */
export function GraphPage() {
  const { query } = useLocation()
  const { of } = query
  const loaded = useLoaded(() => loadGraph(), [])
  return (
    <>
      <div class="heading">
        <h1>{of === undefined ? texts.title : texts.titleOf(of)}</h1>
        {of !== undefined && <a href="/graph">{texts.whole}</a>}
      </div>
      <Shown of={loaded}>
        {(graph) => (graph.environments.length === 0 ? <Empty text={texts.none} /> : <Graph graph={graph} of={of} />)}
      </Shown>
    </>
  )
}

function Graph({ graph, of }: { graph: EnvironmentGraph; of: string | undefined }) {
  const [search, setSearch] = useState('')
  const [pointed, setPointed] = useState<string>()
  const neighbours = useMemo(() => neighboursOf(graph.links), [graph])
  const inView = useMemo(
    () => (of === undefined ? new Set(graph.environments.map(({ id }) => id)) : relatives(graph.links, of)),
    [graph, of],
  )
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const listed = graph.environments.filter(
    ({ id, rotators }) =>
      inView.has(id) &&
      words.every((word) => [id, ...rotators.map(({ path }) => path)].join(' ').toLowerCase().includes(word)),
  )
  const found = words.length === 0 ? undefined : new Set(listed.map(({ id }) => id))
  const diagram = useMemo(() => {
    const whole = diagramOf(graph, inView)
    return whole.nodes.length <= mostDrawn || found === undefined ? whole : diagramOf(graph, found)
  }, [graph, inView, search])
  return (
    <>
      <input
        type="search"
        placeholder={texts.search}
        aria-label={texts.search}
        value={search}
        onInput={(event) => setSearch(event.currentTarget.value)}
      />
      <div class="beside">
        {diagram.nodes.length === 0 ? (
          <Empty text={texts.noLinks} />
        ) : diagram.nodes.length > mostDrawn ? (
          <Empty text={texts.tooMany(diagram.nodes.length, mostDrawn)} />
        ) : (
          <Drawing diagram={diagram} pointed={pointed ?? (words.length === 0 ? of : undefined)} found={found} />
        )}
        <section aria-label={texts.list} onMouseLeave={() => setPointed(undefined)}>
          <p role="status" class="muted">
            {listed.length === 0 ? texts.noneFound : texts.found(listed.length)}
          </p>
          <List environments={listed} neighbours={neighbours} cycles={graph.cycles} point={setPointed} />
        </section>
      </div>
    </>
  )
}

interface ListProps {
  readonly environments: readonly GraphedEnvironment[]
  readonly neighbours: ReadonlyMap<string, Neighbours>
  readonly cycles: EnvironmentGraph['cycles']
  readonly point: (id: string | undefined) => void
}

function List({ environments, neighbours, cycles, point }: ListProps) {
  const [most, setMost] = useState(step)
  const cyclic = new Set(cycles.flat())
  return (
    <>
      <ul class="linked">
        {environments.slice(0, most).map(({ id, problem, rotators }) => {
          const { imports = [], refersTo = [], importedBy = [], referredBy = [] } = neighbours.get(id) ?? {}
          return (
            <li
              key={id}
              onMouseEnter={() => point(id)}
              onFocusCapture={() => point(id)}
              onBlurCapture={() => point(undefined)}
            >
              <a href={pageOf(id)}>{id}</a>{' '}
              {imports.length + refersTo.length + importedBy.length + referredBy.length > 0 && (
                <a class="aside" href={`/graph?of=${encodeURIComponent(id)}`} aria-label={texts.draw(id)}>
                  {texts.drawThis}
                </a>
              )}
              {problem !== undefined && <span class="mark bad">{problem}</span>}
              {cyclic.has(id) && <span class="mark bad">{texts.cycle}</span>}
              <Links verb={texts.imports} ids={imports} />
              <Links verb={texts.refersTo} ids={refersTo} />
              <Links verb={texts.importedBy} ids={importedBy} />
              <Links verb={texts.referredBy} ids={referredBy} />
              {rotators.length > 0 && (
                <div class="detail">
                  {texts.rotates} <a href={pageOf(id, 'rotated')}>{rotators.map(({ path }) => path).join(', ')}</a>
                </div>
              )}
            </li>
          )
        })}
      </ul>
      {environments.length > most && (
        <button type="button" class="secondary" onClick={() => setMost(most + step)}>
          {texts.showMore}
        </button>
      )}
    </>
  )
}

/** Links that a row names; of more it tells how many. */
const mostNamed = 8

function Links({ verb, ids }: { verb: string; ids: readonly string[] }) {
  if (ids.length === 0) return null
  return (
    <div class="detail">
      {verb}{' '}
      {ids.slice(0, mostNamed).map((id, at) => (
        <span key={id}>
          {at > 0 && ', '}
          <a href={pageOf(id)}>{id}</a>
        </span>
      ))}
      {ids.length > mostNamed && ` ${texts.more(ids.length - mostNamed)}`}
    </div>
  )
}
