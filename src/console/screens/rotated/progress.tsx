import { rotationTexts as texts } from '../../environment-texts.ts'
import { type Act, Advice } from '../../parts/advice.tsx'
import type { Report } from './rotation.ts'
import type { RotationState } from './use-rotation.ts'

/**
 * The steps of a rotation while it runs, and what has come of it. The last step is told to screen
 * readers as it is done.
 */
export function Progress({
  running,
  steps,
  report,
  act,
}: Pick<RotationState, 'running' | 'steps' | 'report'> & { act: Act }) {
  const last = [...steps.values()].at(-1)
  return (
    <>
      <p class="unseen" role="log" aria-live="polite">
        {running !== undefined && last !== undefined && texts.stepSaid(last.path, texts.phases[last.phase])}
      </p>
      <div role="status" aria-live="polite">
        {report !== undefined && <Outcome report={report} act={act} />}
      </div>
      {running !== undefined && (
        <div class="outcome" aria-busy="true">
          <strong>{texts.running}</strong>
          {steps.size > 0 && (
            <ul class="step-list">
              {[...steps.values()].map(({ path, phase, text }) => (
                <li key={path} class={phase === 'failed' ? 'bad' : undefined}>
                  <code>{path}</code> <span class={`mark ${markOf[phase]}`}>{texts.phases[phase]}</span>
                  {text !== undefined && phase !== 'failed' && <span class="detail"> {text}</span>}
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
    </>
  )
}

const markOf = {
  planning: 'new',
  rotating: 'new',
  verifying: 'new',
  resuming: 'new',
  rotated: 'good',
  failed: 'bad',
} as const

function Outcome({ report, act }: { report: Report; act: Act }) {
  const { status, revision, paths, warnings, diagnostics } = report
  const failed = paths.filter((each) => each.status !== 'succeeded')
  const done = paths.filter((each) => each.status === 'succeeded')
  return (
    <div class={`outcome ${status === 'succeeded' ? 'good' : 'bad'}`}>
      <strong>{paths.length === 0 && status === 'succeeded' ? texts.nothingToDo : texts.outcome[status]}</strong>
      {revision !== undefined && ` ${texts.savedAs(revision)}`}
      {failed.length > 0 && (
        <ul class="step-list">
          {failed.map(({ path, error, hint }) => (
            <li key={path}>
              <code>{path}</code>: {error ?? texts.notEvaluated}
              {hint && (
                <div class="detail">
                  <Advice told={hint} act={act} />
                </div>
              )}
            </li>
          ))}
        </ul>
      )}
      {done.some(({ notes }) => notes.length > 0) && (
        <ul class="step-list">
          {done.flatMap(({ path, notes }) =>
            notes.map((note, index) => (
              <li key={`${path} ${index}`}>
                <code>{path}</code>: <Advice told={note} act={act} />
              </li>
            )),
          )}
        </ul>
      )}
      {diagnostics.map(({ summary }) => (
        <p key={summary}>{summary}</p>
      ))}
      {warnings.map((warning, index) => (
        <p key={`${index}`}>
          <Advice told={warning} act={act} />
        </p>
      ))}
    </div>
  )
}
