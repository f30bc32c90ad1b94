import { useState } from 'preact/hooks'
import { Empty, Shown } from '../parts/states.tsx'
import { When } from '../parts/when.tsx'
import { perform } from '../perform.ts'
import { texts } from '../texts.ts'
import { useLoaded } from '../use-loaded.ts'

interface Line {
  readonly sequence: number
  readonly time: string
  readonly event: string
  readonly result: string
  readonly environment: string
  readonly user: string
  readonly token?: string
  readonly address?: string
  readonly host: string
  readonly command?: string
}

/** Lines that are shown at most: the newest. */
const most = 500

/** The audit log of one environment, or of all: newest first. */
export function Audit({ name }: { name?: string }) {
  const [filter, setFilter] = useState('')
  const loaded = useLoaded(async () => {
    const input = { events: [] }
    const { result } =
      name === undefined
        ? await perform<readonly Line[]>('list-audit-lines', undefined, input)
        : await perform<readonly Line[]>('list-environment-audit-lines', name, input)
    return result.slice(-most).reverse()
  }, [name])
  return (
    <>
      <input
        type="search"
        placeholder={texts.audit.search}
        aria-label={texts.audit.search}
        value={filter}
        onInput={(event) => setFilter(event.currentTarget.value)}
      />
      <Shown of={loaded}>
        {(lines) => {
          const found = lines.filter((line) => JSON.stringify(line).toLowerCase().includes(filter.toLowerCase()))
          return found.length === 0 ? (
            <Empty text={texts.audit.none} />
          ) : (
            <Lines lines={found} withName={name === undefined} />
          )
        }}
      </Shown>
    </>
  )
}

function Lines({ lines, withName }: { lines: readonly Line[]; withName: boolean }) {
  return (
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">{texts.audit.when}</th>
            <th scope="col">{texts.audit.who}</th>
            <th scope="col">{texts.audit.what}</th>
            <th scope="col">{texts.audit.result}</th>
            <th scope="col" class="less">
              {texts.audit.from}
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ sequence, time, user, event, environment, result, token, address, host, command }) => (
            <tr key={sequence}>
              <td>
                <When at={time} />
              </td>
              <td>
                {user}
                {token !== undefined && token !== user && <div class="detail">{token}</div>}
              </td>
              <td>
                {event}
                {withName && environment !== '*' && <div class="detail">{environment}</div>}
              </td>
              <td>
                <span class={`mark ${result === 'denied' || result === 'failed' ? 'bad' : 'good'}`}>{result}</span>
              </td>
              <td class="less">
                {address ?? host}
                {command !== undefined && <div class="detail">{command}</div>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
