/**
 * Redaction in the slow, obvious way, for texts in latin1: hide every byte of every occurrence;
 * occurrences that overlap are one. A pattern of at least eight bytes is looked for in the text
 * without its line breaks; what stands between its bytes is hidden too.
 */
export function redactPlainly(patterns: readonly string[], text: string): string {
  const places: number[] = []
  let unbroken = ''
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\n' || text[i] === '\r') continue
    places.push(i)
    unbroken += text[i]
  }
  const ranges: [number, number][] = []
  for (const pattern of patterns) {
    const sought = pattern.replace(/[\r\n]/g, '')
    if (sought.length >= 8) {
      for (let at = unbroken.indexOf(sought); at !== -1; at = unbroken.indexOf(sought, at + 1))
        ranges.push([places[at] as number, (places[at + sought.length - 1] as number) + 1])
    } else if (pattern.length >= 3) {
      for (let at = text.indexOf(pattern); at !== -1; at = text.indexOf(pattern, at + 1))
        ranges.push([at, at + pattern.length])
    }
  }
  ranges.sort((a, b) => a[0] - b[0])
  let out = ''
  let hiddenTo = 0
  for (const [start, end] of ranges) {
    if (start >= hiddenTo) out += `${text.slice(hiddenTo, start)}[secret]`
    hiddenTo = Math.max(hiddenTo, end)
  }
  return out + text.slice(hiddenTo)
}
