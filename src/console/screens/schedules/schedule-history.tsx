import '../../list-style.ts'
import { scheduleTexts as texts } from '../../environment-texts.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Empty, Shown } from '../../parts/states.tsx'
import { When } from '../../parts/when.tsx'
import { perform } from '../../perform.ts'
import { texts as shared } from '../../texts.ts'
import { useLoaded } from '../../use-loaded.ts'

interface RunLine {
  readonly id: string
  readonly due: string
  readonly attempt: number
  readonly executed: string
  readonly result: 'succeeded' | 'partial' | 'failed'
  readonly version?: number
  readonly failed?: readonly string[]
  readonly error?: string
  readonly missed?: number
}

/** The runs of a schedule, newest first, with why some have failed. */
export function ScheduleHistory({ name, id, close }: { name: string; id: string; close: () => void }) {
  const loaded = useLoaded(
    async () => (await perform<readonly RunLine[]>('list-scheduled-runs', name, id)).result,
    [name, id],
  )
  return (
    <Dialog title={texts.historyTitle} close={close}>
      <Shown of={loaded}>
        {(runs) =>
          runs.length === 0 ? (
            <Empty text={texts.noRuns} />
          ) : (
            <div class="wide">
              <table>
                <thead>
                  <tr>
                    <th scope="col">{texts.due}</th>
                    <th scope="col">{texts.ran}</th>
                    <th scope="col">{texts.result}</th>
                  </tr>
                </thead>
                <tbody>
                  {runs.map((run) => (
                    <RunRow key={run.id} {...run} />
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Shown>
      <footer>
        <button type="button" onClick={close}>
          {shared.common.close}
        </button>
      </footer>
    </Dialog>
  )
}

function RunRow({ due, executed, attempt, result, version, failed = [], error, missed = 0 }: RunLine) {
  return (
    <tr>
      <th scope="row">
        <When at={due} />
        {missed > 0 && <div class="detail">{texts.missed(missed)}</div>}
      </th>
      <td>
        <When at={executed} />
        {attempt > 1 && <div class="detail">{texts.attempt(attempt)}</div>}
      </td>
      <td>
        <span class={`mark ${result === 'succeeded' ? 'good' : 'bad'}`}>{texts.results[result]}</span>
        {version !== undefined && texts.revision(version)}
        {failed.length > 0 && <div class="detail">{texts.failedPaths(failed.join(', '))}</div>}
        {error !== undefined && <div class="detail">{error}</div>}
      </td>
    </tr>
  )
}
