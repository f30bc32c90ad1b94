import '../list-style.ts'
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { type EnvironmentGraph, type GraphLink, loadGraph, pageOf } from '../graph/environment-graph.ts'
import { linksTexts as texts } from '../later-texts.ts'
import { Empty, Shown } from '../parts/states.tsx'
import { perform } from '../perform.ts'
import { type Loaded, useLoaded } from '../use-loaded.ts'
import type { TabProps } from './tab.ts'

interface Referrer {
  readonly version: string
  readonly project: string
  readonly name: string
  readonly revision: number
}

/** Environments that one imports, and those that import it. */
export function Links({ name }: TabProps) {
  const [allRevisions, setAllRevisions] = useState(false)
  const graph = useLoaded(() => loadGraph(name), [name])
  const referrers = useLoaded(
    async () => (await perform<readonly Referrer[]>('list-referrers', name, { allRevisions })).result,
    [name, String(allRevisions)],
  )
  return (
    <>
      <div class="heading">
        <h2>{texts.importers}</h2>
        <a href={`/graph?of=${encodeURIComponent(name)}`}>{texts.inGraph}</a>
      </div>
      <label>
        <input
          type="checkbox"
          checked={allRevisions}
          onChange={(event) => setAllRevisions(event.currentTarget.checked)}
        />
        {texts.allRevisions}
      </label>
      <Importers of={referrers} />
      <h2>{texts.imports}</h2>
      <Imports of={graph} name={name} />
    </>
  )
}

function Importers({ of }: { of: Loaded<readonly Referrer[]> }) {
  return (
    <Shown of={of}>
      {(all) =>
        all.length === 0 ? (
          <Empty text={texts.noImporters} />
        ) : (
          <Rows heads={[texts.environment, texts.version, texts.revision]}>
            {all.map(({ project, name, version, revision }) => (
              <tr key={`${project}/${name} ${version} ${revision}`}>
                <td>
                  <a href={pageOf(`${project}/${name}`)}>{`${project}/${name}`}</a>
                </td>
                <td>{version}</td>
                <td>{revision}</td>
              </tr>
            ))}
          </Rows>
        )
      }
    </Shown>
  )
}

function Imports({ of, name }: { of: Loaded<EnvironmentGraph>; name: string }) {
  return (
    <Shown of={of}>
      {({ links, environments }) => {
        const own = links.filter(({ from }) => from === name)
        const problems = new Map(environments.map(({ id, problem }) => [id, problem]))
        return own.length === 0 ? (
          <Empty text={texts.noImports} />
        ) : (
          <Rows heads={[texts.environment, texts.version, texts.how]}>
            {own.map((link) => (
              <tr key={`${link.to} ${link.kind}`}>
                <td>
                  <a href={pageOf(link.to)}>{link.to}</a>
                  {problems.get(link.to) !== undefined && <span class="mark bad">{problems.get(link.to)}</span>}
                </td>
                <td>{link.version}</td>
                <td>
                  {howOf(link)}
                  {link.forRotators.length > 0 && (
                    <div class="detail">{texts.forRotators(link.forRotators.join(', '))}</div>
                  )}
                </td>
              </tr>
            ))}
          </Rows>
        )
      }}
    </Shown>
  )
}

function howOf({ kind, merge }: GraphLink): string {
  if (kind === 'reference') return texts.reference
  return merge === false ? texts.unmerged : texts.import
}

function Rows({ heads, children }: { heads: readonly string[]; children: ComponentChildren }) {
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
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}
