/** RFC 3339 in UTC, to the millisecond. As `toISOString` writes it, which has V8 find out the time zone of the machine first. */
export function timestamp(date: Date): string {
  const pad = (number: number, digits = 2) => String(number).padStart(digits, '0')
  const year = date.getUTCFullYear()
  // Others are written with a sign, and an invalid date is an error.
  if (!(year >= 0 && year <= 9999)) return date.toISOString()
  const day = `${pad(year, 4)}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())}`
  const time = `${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}:${pad(date.getUTCSeconds())}`
  return `${day}T${time}.${pad(date.getUTCMilliseconds(), 3)}Z`
}
