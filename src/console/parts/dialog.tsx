import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** A modal dialog, the browser's own: Escape closes it, and the focus stays in it. */
export function Dialog({ title, close, children }: { title: string; close: () => void; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = element.current
    if (dialog !== null && !dialog.open) dialog.showModal()
    return () => dialog?.close()
  }, [])
  return (
    <dialog ref={element} aria-labelledby="dialog-title" onClose={close} onCancel={close}>
      <article>
        <h2 id="dialog-title">{title}</h2>
        {children}
      </article>
    </dialog>
  )
}
