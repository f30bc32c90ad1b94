import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** A modal dialog, the browser's own: Escape closes it, and the focus stays in it. */
export function Dialog({ title, close, children }: { title: string; close: () => void; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null)
  const gone = useRef(false)
  useEffect(() => {
    const dialog = element.current
    if (dialog !== null && !dialog.open) dialog.showModal()
    return () => {
      // The event of this comes later: what stands in its place is not to be closed by it.
      gone.current = true
      dialog?.close()
    }
  }, [])
  const closed = () => {
    if (!gone.current) close()
  }
  return (
    <dialog ref={element} aria-labelledby="dialog-title" onClose={closed} onCancel={closed}>
      <article>
        <h2 id="dialog-title">{title}</h2>
        {children}
      </article>
    </dialog>
  )
}
