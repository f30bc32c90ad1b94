import { rotationTexts as texts } from '../../environment-texts.ts'
import { type Act, Advice } from '../../parts/advice.tsx'
import { When } from '../../parts/when.tsx'
import { Action } from '../../rights.tsx'
import type { RotatorRow, Run } from './rotation.ts'

/** One rotated secret: its state, its age, its last error, and what to do. */
export function RotatorLine({
  row,
  busy,
  here,
  ask,
  start,
  act,
}: {
  row: RotatorRow
  /** True while a rotation runs, here or elsewhere. */
  busy: boolean
  here: boolean
  /** Asks before a credential is rotated that works. */
  ask: (paths: readonly string[]) => void
  start: (run: Run) => void
  act: Act
}) {
  const { path, rotator, lastRotated, lastAttempt, lastResult, error, hint, credentials, overdue, unfinished } = row
  const hasFailed = lastResult === 'failed'
  const [word, go] = unfinished
    ? ([texts.resume, () => start({ mode: 'resume', paths: [path] })] as const)
    : hasFailed
      ? ([texts.retry, () => start({ mode: 'failed', paths: [path] })] as const)
      : ([texts.rotateOne, () => ask([path])] as const)
  return (
    <tr>
      <th scope="row">
        <code>{path}</code>
      </th>
      <td class="less">{rotator ?? ''}</td>
      <td>
        <State {...{ unfinished, hasFailed, credentials }} />
        {overdue !== undefined && (
          <span class="mark bad">
            {texts.overdue} <When at={overdue} />
          </span>
        )}
        {hasFailed && error !== undefined && (
          <div class="detail">
            {error} {lastAttempt !== undefined && <When at={lastAttempt} />}
            {hint !== undefined && (
              <div>
                <Advice told={hint} act={act} />
              </div>
            )}
          </div>
        )}
      </td>
      <td>
        <When at={lastRotated} />
      </td>
      <td class="actions">
        <Action
          does="rotate-environment"
          class="secondary"
          aria-label={`${word} ${path}`}
          busy={here}
          disabled={busy}
          onClick={go}
        >
          {word}
        </Action>
      </td>
    </tr>
  )
}

function State({
  unfinished,
  hasFailed,
  credentials,
}: Pick<RotatorRow, 'unfinished' | 'credentials'> & { hasFailed: boolean }) {
  const held = texts.credentials[credentials]
  if (unfinished) return <span class="mark bad">{texts.unfinished}</span>
  if (!hasFailed) return <span class={`mark ${credentials === 'none' ? 'new' : 'good'}`}>{held}</span>
  return (
    <>
      <span class="mark bad">{texts.failed}</span>
      <span class="mark">{held}</span>
    </>
  )
}
