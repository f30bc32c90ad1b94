import { texts } from '../texts.ts'

const units = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const

const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

/** A time as people say it, such as "2 hours ago"; the exact one is its title. */
export function When({ at }: { at: string | undefined }) {
  const date = new Date(at ?? '')
  if (at === undefined || at === '' || Number.isNaN(date.getTime()))
    return <span class="when">{texts.common.never}</span>
  const seconds = Math.round((date.getTime() - Date.now()) / 1000)
  const [unit, size] = units.find(([, each]) => Math.abs(seconds) >= each) ?? (['second', 1] as const)
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString()}>
      {words.format(Math.round(seconds / size), unit)}
    </time>
  )
}
