import type { RevisionSummary } from '../../operations/index.ts'
import { oneLine } from '../terminal/index.ts'

/**
 * A revision as `env version` shows it; ends in a line break. `change`: a line
 * says what the revision was.
 */
export function revisionBlock(
  revision: RevisionSummary,
  { utc, change = false }: { readonly utc: boolean; readonly change?: boolean },
): string {
  const { number, author, created, retraction } = revision
  const when = formatTime(created, utc)
  const head = `revision ${number}${marks(revision)}\nAuthor: ${person(author)}\nDate:   ${when}\n${change ? `Change: ${changeText(revision)}\n` : ''}`
  if (retraction === undefined) return head
  const { at, by, replacement, reason } = retraction
  const since = at === undefined ? '' : ` at ${formatTime(at, utc)}`
  const why = reason === undefined ? '' : `\n${reason.replace(/^/gm, '    ')}\n`
  return `${head}\n    Retracted by ${person(by)}${since} and replaced with revision ${replacement}.\n${why}`
}

/** A revision for programs. */
export function revisionJson({ number, created, author, change, rotated, tags, retraction }: RevisionSummary) {
  return {
    number,
    created: created.toISOString(),
    creatorLogin: author.email ?? author.name,
    creatorName: author.name,
    change,
    ...(rotated.length > 0 && { rotated }),
    tags: tags.length === 0 ? null : tags,
    retracted: retraction && {
      replacement: retraction.replacement,
      at: retraction.at?.toISOString(),
      byLogin: retraction.by?.email ?? retraction.by?.name,
      byName: retraction.by?.name,
      reason: retraction.reason,
    },
  }
}

/** Such as `edit`, `set`, `rotate deploy.token` or `rollback to 3`. */
function changeText({ change, from, rotated }: RevisionSummary): string {
  if (from !== undefined) return oneLine(`${change} to ${from}`)
  return oneLine([change, rotated.join(', ')].filter(Boolean).join(' '))
}

function marks({ tags, retraction }: RevisionSummary): string {
  if (retraction !== undefined) return ' (retracted)'
  if (tags.length === 0) return ''
  return oneLine(tags.length === 1 ? ` (tag: ${tags[0]})` : ` (tags: ${tags.join(', ')})`)
}

/** `Ada Lovelace <ada@example.com>`, or `<unknown>`. */
export function person(author: RevisionSummary['author'] | undefined): string {
  if (author === undefined) return '<unknown>'
  return oneLine(author.email ? `${author.name} <${author.email}>` : author.name)
}

/** `2024-07-29 12:30:00 +0200 CEST`; the fraction of the second only when there is one. */
export function formatTime(time: Date, utc: boolean): string {
  const offset = utc ? 0 : -time.getTimezoneOffset()
  const local = new Date(time.getTime() + offset * 60_000).toISOString()
  const fraction = local.slice(19, 23) === '.000' ? '' : local.slice(19, 23).replace(/0+$/, '')
  const sign = offset < 0 ? '-' : '+'
  const hours = String(Math.floor(Math.abs(offset) / 60)).padStart(2, '0')
  const minutes = String(Math.abs(offset) % 60).padStart(2, '0')
  const zone = `${sign}${hours}${minutes}`
  return `${local.slice(0, 10)} ${local.slice(11, 19)}${fraction} ${zone} ${utc ? 'UTC' : zoneName(time, zone)}`
}

/** The zone's abbreviation where it has one, else its offset again. */
function zoneName(time: Date, zone: string): string {
  const name = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' })
    .formatToParts(time)
    .find((part) => part.type === 'timeZoneName')
  return name === undefined || name.value.startsWith('GMT') ? zone : name.value
}
