import './rights-style.ts'
import { type ButtonHTMLAttributes, type ComponentChildren, createContext } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'
import { getJson } from './api.ts'
import { texts } from './texts.ts'

/** The reason why the server would refuse an operation. */
export interface Refusal {
  /** The level that it needs. */
  readonly level: 'read' | 'open' | 'write' | 'admin'
  /** The level that the person has. */
  readonly held: 'none' | 'read' | 'open' | 'write' | 'admin'
  readonly by: 'rules' | 'session'
  /** Those who can give more. */
  readonly ask: readonly string[]
}

type Refused = Readonly<Record<string, Refusal>>

const context = createContext<Refused>({})

/**
 * Asks the server once what it would refuse the person: on an environment, or on the store as a
 * whole. What is below shows it by `Action` and `useRefusal`. The server decides again each time.
 */
export function Rights({ environment, children }: { environment?: string; children: ComponentChildren }) {
  const [refused, setRefused] = useState<Refused>({})
  useEffect(() => {
    const stop = new AbortController()
    const query = environment === undefined ? '' : `?environment=${encodeURIComponent(environment)}`
    getJson<{ refused: Refused }>(`/api/v1/refused${query}`, stop.signal).then(
      (answer) => setRefused(answer.refused),
      () => {},
    )
    return () => stop.abort()
  }, [environment])
  const reasons = new Map(Object.values(refused).map((refusal) => [refusal.level, refusal]))
  return (
    <context.Provider value={refused}>
      {[...reasons.values()].map((refusal) => (
        <span key={refusal.level} id={`needs-${refusal.level}`} hidden>
          {reasonOf(refusal)}
        </span>
      ))}
      {children}
    </context.Provider>
  )
}

/**
 * Returns why the person may not perform an operation, such as `rotate-environment`, or
 * `rotate-environment:doctor` for a use of it. `undefined`: they may, as far as is known.
 */
function useRefusal(operation: string): Refusal | undefined {
  return useContext(context)[operation]
}

/** The reason in words: what is needed, and who can give it. */
function reasonOf({ level, held, by, ask }: Refusal): string {
  return by === 'session' ? texts.rights.session(level) : texts.rights.rules(level, held, ask.join(', '))
}

type Button = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'type'> & { disabled?: boolean }

/**
 * A button that performs an operation. Whoever may not do so sees it disabled, with the reason. It
 * is disabled for the person and not for the browser: it keeps the focus, and the keyboard reaches
 * it, so that a screen reader tells the reason.
 */
export function Action({ does, busy = false, disabled, ...button }: { does: string; busy?: boolean } & Button) {
  const refusal = useRefusal(does)
  if (refusal === undefined && !busy && !disabled) return <button type="button" {...button} />
  const reason = refusal && { 'aria-describedby': `needs-${refusal.level}`, title: reasonOf(refusal) }
  return (
    <button
      type="button"
      {...button}
      {...reason}
      aria-busy={busy}
      aria-disabled="true"
      onClick={(event) => event.preventDefault()}
    />
  )
}

const order = ['read', 'open', 'write', 'admin']

/** Says once on a screen what the person may not do there. Nothing where they may do all of it. */
export function RightsNote({ operations }: { operations: readonly string[] }) {
  const refused = useContext(context)
  const found = operations.map((each) => refused[each]).filter((each) => each !== undefined)
  const [most] = found.sort((a, b) => order.indexOf(b.level) - order.indexOf(a.level))
  return most === undefined ? null : <p class="note">{reasonOf(most)}</p>
}

/** Shows something to those who may perform an operation; the others see why they may not. */
export function Allowed({ operation, children }: { operation: string; children: ComponentChildren }) {
  const refusal = useRefusal(operation)
  return refusal === undefined ? children : <p class="note">{reasonOf(refusal)}</p>
}
