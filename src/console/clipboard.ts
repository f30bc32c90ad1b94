/** The clipboard holds a secret so long, in milliseconds. */
const heldMs = 30_000

/**
 * Puts a text into the clipboard. After a while it is taken out again, where the browser tells that
 * it is still there; it tells a page in use only, so another page is waited out.
 */
export async function copy(text: string): Promise<void> {
  await navigator.clipboard.writeText(text)
  const clear = async () => {
    if ((await navigator.clipboard.readText()) === text) await navigator.clipboard.writeText('')
  }
  const clearSoon = () =>
    clear().catch(() => {
      if (!document.hasFocus()) addEventListener('focus', () => void clear().catch(() => {}), { once: true })
    })
  setTimeout(clearSoon, heldMs)
}
