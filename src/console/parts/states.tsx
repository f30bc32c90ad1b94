import type { ComponentChildren } from 'preact'
import { ApiError } from '../api.ts'
import { texts } from '../texts.ts'
import type { Loaded } from '../use-loaded.ts'

/** Shows that something is loading, or why it failed, or the thing itself. */
export function Shown<T>({ of, children }: { of: Loaded<T>; children: (value: T) => ComponentChildren }) {
  if (of.error !== undefined) return <Failure error={of.error} retry={of.reload} />
  if (of.value === undefined) return <p aria-busy="true">{texts.common.loading}</p>
  return <>{children(of.value)}</>
}

/** An error with what the server said, and a button to try again. */
export function Failure({ error, retry }: { error: Error; retry?: () => void }) {
  return (
    <div class="failure" role="alert">
      <strong>{texts.common.failed}</strong>
      <p>{error.message}</p>
      {error instanceof ApiError && error.diagnostics.length > 0 && (
        <ul>
          {error.diagnostics.map(({ summary, range }) => (
            <li key={`${summary}${range?.begin.byte ?? ''}`}>
              {range && <code>{`${range.environment}:${range.begin.line}:${range.begin.column}`}</code>} {summary}
            </li>
          ))}
        </ul>
      )}
      {retry && (
        <button type="button" class="secondary" onClick={retry}>
          {texts.common.tryAgain}
        </button>
      )}
    </div>
  )
}

/** A screen or list that has nothing to show yet, and what to do about it. */
export function Empty({ text, children }: { text: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p>{text}</p>
      {children}
    </div>
  )
}
