import { basename } from 'node:path'
import type { UnfinishedRecord } from '../../operations/index.ts'
import { shellWord } from '../../shell-word.ts'

type ShowTime = (time: Date) => string

/** The records of an environment's journal, each with what to do about it. */
export function journalText(typed: string, records: readonly UnfinishedRecord[], time: ShowTime): string {
  if (records.length === 0) return `No rotation of '${typed}' is unfinished on this machine.\n`
  return records.map((record) => `${recordText(record, time)}  next: ${nextStep(typed, record)}\n`).join('\n')
}

export function recordText(record: UnfinishedRecord, time: ShowTime): string {
  const { path, rotator, startedAt, revision, superseded = 0, kind, file, store, problem } = record
  const lines: string[] = []
  if (path === undefined) lines.push(basename(file))
  else {
    const begun = startedAt === undefined ? '' : `, begun ${time(new Date(startedAt))}`
    lines.push(`${path} (${rotator})${begun} from revision ${revision}`)
    const concerns = Object.entries(record.concerns ?? {}).map(([name, value]) => `${name} ${value}`)
    if (concerns.length > 0) lines.push(`  concerns: ${concerns.join(', ')}`)
    const former = superseded === 1 ? '1 superseded credential' : `${superseded} superseded credentials`
    const held = [...(kind === 'unfinished' ? ['an unfinished rotation'] : []), ...(superseded > 0 ? [former] : [])]
    lines.push(`  holds: ${held.join(' and ')}`)
  }
  if (problem !== undefined) lines.push(`  cannot be read: ${problem}`)
  if (store !== undefined && kind !== 'unfinished' && kind !== 'retire') lines.push(`  store: ${store}`)
  lines.push(`  file: ${file}`)
  return lines.map((line) => `${line}\n`).join('')
}

function nextStep(typed: string, { kind, standing, movedOnBy, path, rotator, file }: UnfinishedRecord): string {
  const forget = `"esc env rotate journal ${typed} ${shellWord(path ?? basename(file))} --forget" gives it up`
  const resume = `"esc env rotate ${typed} --resume"`
  switch (kind) {
    case 'left':
      return `bring the environment back ("esc env restore", or its folder from git) and rotate it; else ${forget}`
    case 'foreign':
      return `rotate the environment of that store; if the store is gone, ${forget}`
    case 'unreadable':
      return `bring back the key it was made under, such as with a git worktree of the commit before the key was changed, and run the command there; else ${forget}`
    case 'unfinished':
    case 'retire':
  }
  switch (standing) {
    case 'rotator-gone':
      return `put the ${rotator} rotator back at ${path} ("esc env version history" shows where it was) and run ${resume}; else ${forget}`
    case 'behind':
      return `get the newer revisions first, such as with "git pull"; if they are lost, ${resume.replace(/"$/, ' --force"')} removes the credential`
    case 'elsewhere':
      return `merge the other history first; if it is lost, ${resume.replace(/"$/, ' --force"')} removes the credential`
    case 'moved-on':
      return `${resume} removes its credential, because ${movedOnBy === undefined ? 'a later revision' : `revision ${movedOnBy}`} rotated this since`
    case 'unknown':
      return `the history cannot be verified: "esc check" says why`
    default:
      return kind === 'retire'
        ? `the next rotation, or ${resume}, removes what is superseded`
        : `${resume} finishes or undoes it; if the server has another address now, --retarget first`
  }
}
