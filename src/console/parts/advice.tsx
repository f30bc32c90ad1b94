import type { Remedy, Told } from '../wire.ts'

/** The way in which a screen does what a text advises. `undefined`: it cannot. */
export type Act = (remedy: Remedy) => (() => void) | string | undefined

/**
 * A text of the server in which what to do is a button, or a link to where it is done. `act` says
 * which; the rest stays words.
 */
export function Advice({ told, act }: { told: Told; act: Act }) {
  if (typeof told === 'string') return <>{told}</>
  return (
    <>
      {told.map((part, index) => {
        const key = `${index}`
        if (typeof part === 'string') return part
        if ('input' in part) return part.input
        const way = act(part.remedy)
        if (way === undefined) return part.words
        return typeof way === 'string' ? (
          <a key={key} href={way}>
            {part.words}
          </a>
        ) : (
          <button key={key} type="button" class="link" onClick={way}>
            {part.words}
          </button>
        )
      })}
    </>
  )
}
