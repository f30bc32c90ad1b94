import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

/** A modal dialog, the browser's own: Escape closes it, and the focus stays in it. */
export function Dialog({
  title,
  close,
  wide = false,
  children,
}: {
  title: string
  close: () => void
  /** True for what needs the width of the page. */
  wide?: boolean
  children: ComponentChildren
}) {
  const element = useRef<HTMLDialogElement>(null)
  const isOver = useRef(false)
  useLayoutEffect(() => {
    const before = document.activeElement
    const dialog = element.current
    if (dialog !== null && !dialog.open) dialog.showModal()
    return () => {
      isOver.current = true
      dialog?.close()
      // The browser gives the focus back when it closes a dialog, but not when one is taken away.
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  const cancel = (event: Event) => {
    event.preventDefault()
    close()
  }
  return (
    // The event that it was closed may come when the next one is open.
    <dialog
      ref={element}
      aria-labelledby="dialog-title"
      onCancel={cancel}
      onClose={() => {
        if (!isOver.current) close()
      }}
    >
      <article class={wide ? 'wider' : undefined}>
        <h2 id="dialog-title">{title}</h2>
        {children}
      </article>
    </dialog>
  )
}
