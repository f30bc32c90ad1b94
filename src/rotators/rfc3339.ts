/** Such as `2026-05-14T00:00:00Z`: without fractions of a second, as vendors write it. */
export function rfc3339(date: Date): string {
  return date.toISOString().replace(/\.[0-9]{3}Z$/, 'Z')
}
