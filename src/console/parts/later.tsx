import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { texts } from '../texts.ts'
import { Failure } from './states.tsx'

/** A component that is loaded when it is first shown, such as a dialog that few people open. */
export function later<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let loaded: ComponentType<Props> | undefined
  return function Later(props: Props) {
    const [, setState] = useState<ComponentType<Props>>()
    const [error, setError] = useState<Error>()
    useEffect(() => {
      if (loaded !== undefined) return
      load().then((component) => {
        loaded = component
        setState(() => component)
      }, setError)
    }, [])
    if (error !== undefined) return <Failure error={new Error(texts.common.notLoaded)} />
    const Loaded = loaded
    return Loaded === undefined ? <span class="unseen" aria-busy="true" /> : <Loaded {...props} />
  }
}
