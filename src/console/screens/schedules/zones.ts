/** The zone of this browser, such as `Europe/Berlin`. */
export const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone

/** A time as a calendar and a clock in a zone show it, such as `Mon, 2 Mar 2026, 03:00`. */
export function timeIn(at: string, timeZone: string): string {
  const options = { dateStyle: 'full', timeStyle: 'short', timeZone } as const
  try {
    return new Intl.DateTimeFormat('en-GB', options).format(new Date(at))
  } catch {
    return at
  }
}
