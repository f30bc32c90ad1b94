/** The clipboard holds a secret so long, in milliseconds. */
const heldMs = 30_000

/**
 * Puts a text into the clipboard. After a while it is taken out again, where the browser tells that
 * it is still there.
 */
export async function copy(text: string): Promise<void> {
  await navigator.clipboard.writeText(text)
  setTimeout(() => {
    navigator.clipboard
      .readText()
      .then((held) => (held === text ? navigator.clipboard.writeText('') : undefined))
      .catch(() => {})
  }, heldMs)
}
