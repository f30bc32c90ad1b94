/**
 * True when git left both sides of an unfinished merge in a text. Its marks are longer than usual
 * where it takes a file to have been renamed to two.
 */
export function hasConflictMarkers(text: string): boolean {
  return /^<{7,}(?: |$)/m.test(text) && /^={7,}\r?$/m.test(text) && /^>{7,}(?: |$)/m.test(text)
}
