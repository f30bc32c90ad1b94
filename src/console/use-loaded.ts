import { useCallback, useEffect, useState } from 'preact/hooks'

/** Something that is loaded for a screen. */
export interface Loaded<T> {
  readonly value: T | undefined
  readonly error: Error | undefined
  readonly loading: boolean
  /** Loads it once more; the former value stays until then. */
  readonly reload: () => void
}

/** Loads something when a screen appears, and when one of `dependencies` changes. */
export function useLoaded<T>(
  load: (signal: AbortSignal) => Promise<T>,
  dependencies: readonly (string | number | undefined)[],
): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, 'reload'>>({ value: undefined, error: undefined, loading: true })
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    const stop = new AbortController()
    setState((before) => ({ ...before, loading: true, error: undefined }))
    load(stop.signal).then(
      (value) => {
        // An answer that comes late is not the one that is wanted now.
        if (!stop.signal.aborted) setState({ value, error: undefined, loading: false })
      },
      (error) => {
        if (!stop.signal.aborted) setState({ value: undefined, error, loading: false })
      },
    )
    return () => stop.abort()
  }, [turn, ...dependencies])
  const reload = useCallback(() => setTurn((before) => before + 1), [])
  return { ...state, reload }
}
