import { useCallback, useRef, useState } from 'preact/hooks'
import { ApiError } from '../../api.ts'
import { type RotationStep, rotateAndFollow } from '../../follow.ts'
import { remediesOf } from '../../wire.ts'
import type { Report, Run } from './rotation.ts'

/** A rotation as the screen knows it. */
export interface RotationState {
  /** The run that is under way. */
  readonly running: Run | undefined
  /** The last step of each path of the last run, in the order in which they began. */
  readonly steps: ReadonlyMap<string, RotationStep>
  readonly report: Report | undefined
  readonly error: Error | undefined
  /** The run that was refused because it follows another too soon, and what it would end. */
  readonly tooSoon: { readonly run: Run; readonly question: string } | undefined
}

const nothing: RotationState = {
  running: undefined,
  steps: new Map(),
  report: undefined,
  error: undefined,
  tooSoon: undefined,
}

/** Rotates, and keeps what is known of it. `ended` is called after each run. */
export function useRotation(name: string, ended: () => void) {
  const [state, setState] = useState<RotationState>(nothing)
  const isRunning = useRef(false)
  const start = useCallback(
    async (run: Run) => {
      if (isRunning.current) return
      isRunning.current = true
      setState({ ...nothing, running: run })
      const onStep = (step: RotationStep) =>
        setState((before) => ({ ...before, steps: new Map(before.steps).set(step.path, step) }))
      try {
        const report = await rotateAndFollow<Report>(name, run, onStep)
        setState((before) => ({ ...before, running: undefined, report }))
      } catch (error) {
        const tooSoon = isTooSoon(error) ? { run, question: (error as ApiError).summary } : undefined
        setState((before) => ({
          ...before,
          running: undefined,
          tooSoon,
          error: tooSoon === undefined ? (error as Error) : undefined,
        }))
      }
      isRunning.current = false
      ended()
    },
    [name, ended],
  )
  const forget = useCallback(() => setState(nothing), [])
  return { ...state, start, forget }
}

/** True for a refusal that says how to do it all the same. */
function isTooSoon(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false
  return remediesOf(error.hint).some((remedy) => remedy.do === 'repeat' && remedy.with === 'force')
}
