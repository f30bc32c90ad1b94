import { useState } from 'preact/hooks'
import { environmentPath, getJson, sendJson, type Value } from '../api.ts'
import { Empty, Failure } from '../parts/states.tsx'
import { useSignedIn } from '../session.ts'
import { texts } from '../texts.ts'
import type { TabProps } from './tab.ts'

/** A value that is no list and no map, with the path to it. */
interface Leaf {
  readonly path: string
  readonly value: Value
}

function leavesOf(value: Value, path: string): Leaf[] {
  const content = value.value
  if (value.unknown || content === null || typeof content !== 'object') return [{ path, value }]
  if (Array.isArray(content)) return content.flatMap((each, index) => leavesOf(each, `${path}[${index}]`))
  return Object.entries(content as Readonly<Record<string, Value>>).flatMap(([key, member]) =>
    leavesOf(member, pathTo(path, key)),
  )
}

function pathTo(path: string, key: string): string {
  if (/^[A-Za-z_]\w*$/.test(key)) return path === '' ? key : `${path}.${key}`
  return `${path}[${JSON.stringify(key)}]`
}

/**
 * The values of an environment. They are opened on demand: opening decrypts, calls providers and is
 * logged.
 */
export function Values({ name }: TabProps) {
  const { organization } = useSignedIn()
  const [leaves, setLeaves] = useState<readonly Leaf[]>()
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  const open = async () => {
    setBusy(true)
    setError(undefined)
    try {
      const base = environmentPath(organization, name)
      const { id } = await sendJson<{ id: string }>('POST', `${base}/open?duration=5m`)
      const { properties = {} } = await getJson<{ properties?: Readonly<Record<string, Value>> }>(`${base}/open/${id}`)
      setLeaves(Object.entries(properties).flatMap(([key, value]) => leavesOf(value, pathTo('', key))))
    } catch (problem) {
      setError(problem as Error)
    }
    setBusy(false)
  }
  if (error !== undefined) return <Failure error={error} retry={() => void open()} />
  if (leaves === undefined)
    return (
      <button type="button" aria-busy={busy} disabled={busy} onClick={() => void open()}>
        {texts.environment.open}
      </button>
    )
  if (leaves.length === 0) return <Empty text={texts.environment.noValues} />
  return (
    <table>
      <tbody>
        {leaves.map((leaf) => (
          <Row key={leaf.path} {...leaf} />
        ))}
      </tbody>
    </table>
  )
}

function Row({ path, value }: Leaf) {
  const [shown, setShown] = useState(false)
  const isHidden = value.secret === true && !shown
  const text = value.unknown ? texts.environment.unknown : value.value === null ? 'null' : String(value.value)
  return (
    <tr>
      <th scope="row">
        <code>{path}</code>
      </th>
      <td>{isHidden ? <span class="masked">••••••••</span> : <code>{text}</code>}</td>
      <td>
        <small>{value.trace.def.environment}</small>
      </td>
      <td class="actions">
        {value.secret && !value.unknown && (
          <button
            type="button"
            class="secondary outline"
            aria-label={`${shown ? texts.environment.hide : texts.environment.reveal} ${path}`}
            onClick={() => setShown(!shown)}
          >
            {shown ? texts.environment.hide : texts.environment.reveal}
          </button>
        )}
      </td>
    </tr>
  )
}
