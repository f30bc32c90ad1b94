import '../list-style.ts'
import { useEffect, useState } from 'preact/hooks'
import { environmentPath, getJson, sendJson, type Value } from '../api.ts'
import { copy } from '../clipboard.ts'
import { Empty, Failure, Shown } from '../parts/states.tsx'
import { perform } from '../perform.ts'
import { Action, RightsNote } from '../rights.tsx'
import { useSignedIn } from '../session.ts'
import { texts } from '../texts.ts'
import { useLoaded } from '../use-loaded.ts'
import type { TabProps } from './tab.ts'

/** A value that is no list and no map, with the path to it. */
interface Leaf {
  readonly path: string
  readonly value: Value
}

/** A value that was revealed is hidden again after this time. */
const revealedMs = 30_000

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

async function loadLeaves(name: string): Promise<readonly Leaf[]> {
  const { result } = await perform<{ root?: Value }>('get-environment', name, { showSecrets: false })
  return result.root === undefined || result.root.value === undefined ? [] : leavesOf(result.root, '')
}

/**
 * The values of an environment without opening it: secrets stay where they are. Revealing one opens
 * the environment, which decrypts, calls providers and is logged.
 */
export function Values({ name }: TabProps) {
  const loaded = useLoaded(() => loadLeaves(name), [name])
  return (
    <Shown of={loaded}>
      {(leaves) =>
        leaves.length === 0 ? (
          <Empty text={texts.environment.noValues} />
        ) : (
          <div class="wide">
            <RightsNote operations={['open-environment']} />
            <table>
              <thead>
                <tr>
                  <th scope="col">{texts.environment.path}</th>
                  <th scope="col">{texts.environment.value}</th>
                  <th scope="col" class="less">
                    {texts.environment.from}
                  </th>
                  <th scope="col">
                    <span class="unseen">{texts.common.actions}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {leaves.map((leaf) => (
                  <Row key={leaf.path} name={name} {...leaf} />
                ))}
              </tbody>
            </table>
          </div>
        )
      }
    </Shown>
  )
}

function Row({ name, path, value }: Leaf & { name: string }) {
  const { organization } = useSignedIn()
  const [revealed, setRevealed] = useState<Value>()
  const [error, setError] = useState<Error>()
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    if (revealed === undefined) return
    const timer = setTimeout(() => setRevealed(undefined), revealedMs)
    return () => clearTimeout(timer)
  }, [revealed])
  const reveal = async () => {
    setBusy(true)
    setError(undefined)
    try {
      const base = environmentPath(organization, name)
      const { id } = await sendJson<{ id: string }>('POST', `${base}/open?duration=1m`)
      setRevealed(await getJson<Value>(`${base}/open/${id}?property=${encodeURIComponent(path)}`))
    } catch (problem) {
      setError(problem as Error)
    }
    setBusy(false)
  }
  const isHidden = value.secret === true || value.unknown === true
  const word = revealed === undefined ? texts.environment.reveal : texts.environment.hide
  return (
    <tr>
      <th scope="row">
        <code>{path}</code>
      </th>
      <td class="value">
        {revealed !== undefined ? (
          <code>{textOf(revealed)}</code>
        ) : isHidden ? (
          <span class="masked">{value.secret ? texts.environment.masked : texts.environment.unknown}</span>
        ) : (
          <code>{textOf(value)}</code>
        )}
        {error && <Failure error={error} />}
      </td>
      <td class="less">
        <small>{value.trace.def.environment}</small>
      </td>
      <td class="actions">
        {revealed !== undefined && (
          <button
            type="button"
            class="secondary"
            aria-label={`${texts.environment.copy} ${path}`}
            onClick={() => void copy(textOf(revealed))}
          >
            {texts.environment.copy}
          </button>
        )}{' '}
        {isHidden && (
          <Action
            does="open-environment"
            class="secondary"
            aria-label={`${word} ${path}`}
            busy={busy}
            onClick={() => (revealed === undefined ? void reveal() : setRevealed(undefined))}
          >
            {word}
          </Action>
        )}
      </td>
    </tr>
  )
}

function textOf({ value, unknown }: Value): string {
  if (unknown) return texts.environment.unknown
  if (value === null || value === undefined) return 'null'
  return typeof value === 'object' ? JSON.stringify(plainOf(value)) : String(value)
}

function plainOf(value: Value['value']): unknown {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map((each: Value) => plainOf(each.value))
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plainOf((each as Value).value)]))
}
