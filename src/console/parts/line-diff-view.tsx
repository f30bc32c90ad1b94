import { texts } from '../texts.ts'
import type { ComparedLine } from './line-diff.ts'

/** Lines around a change that are shown. */
const around = 3

/** Two texts side by side, as one list of lines; long parts that are the same are left out. */
export function LineDiff({ lines }: { lines: readonly ComparedLine[] }) {
  if (lines.every(({ kind }) => kind === 'same')) return <p>{texts.revisions.same}</p>
  const isNear = (at: number) =>
    lines.slice(Math.max(0, at - around), at + around + 1).some(({ kind }) => kind !== 'same')
  return (
    // Long ones scroll, also by the keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
    <pre class="diff" tabIndex={0}>
      {lines.map(({ kind, text }, at) =>
        isNear(at) ? (
          <div key={`${at} ${kind}`} class={kind}>
            <span class="sign" aria-hidden="true">
              {kind === 'added' ? '+' : kind === 'removed' ? '-' : ' '}
            </span>
            {text}
          </div>
        ) : at > 0 && !isNear(at - 1) ? null : (
          <div key={`${at} gap`} class="gap">
            …
          </div>
        ),
      )}
    </pre>
  )
}
