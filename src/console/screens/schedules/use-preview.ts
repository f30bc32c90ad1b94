import { useEffect, useState } from 'preact/hooks'
import { perform } from '../../perform.ts'

export interface Timing {
  readonly cron?: string
  readonly once?: string
  readonly timezone?: string
}

/** The server's reading of a schedule that is being typed. */
export interface Preview {
  readonly words?: string
  readonly next: readonly string[]
  readonly problem?: { readonly input: 'cron' | 'once' | 'timezone'; readonly message: string; readonly hint?: string }
}

/** The time without a key pressed after which the server is asked. */
const pauseMs = 150

/** Has the server read a schedule while it is typed. `undefined`: the answer is not there yet. */
export function usePreview(timing: Timing): {
  readonly preview: Preview | undefined
  readonly error: Error | undefined
} {
  const [state, setState] = useState<{ of: string; preview?: Preview; error?: Error }>({ of: '' })
  const of = JSON.stringify(timing)
  useEffect(() => {
    let isOld = false
    const timer = setTimeout(() => {
      perform<Preview>('preview-schedule', undefined, JSON.parse(of)).then(
        ({ result }) => !isOld && setState({ of, preview: result }),
        (error) => !isOld && setState({ of, error }),
      )
    }, pauseMs)
    return () => {
      isOld = true
      clearTimeout(timer)
    }
  }, [of])
  return { preview: state.of === of ? state.preview : undefined, error: state.of === of ? state.error : undefined }
}
