import { ALIASES, GROUP_ALIASES } from './aliases.ts'
import { HELP_GROUPS, type HelpGroup } from './help-groups.ts'
import { COMMANDS } from './registry.ts'
import { TOPICS } from './topics.ts'

/** A heading of help, and below it a line per command or group of commands. */
export interface HelpSection {
  readonly title: string
  readonly rows: string
}

/**
 * The commands and groups directly in a group, by task. `''` is the program itself. `summaries`
 * holds the summary of each command by its id.
 */
export function listed(group: string, summaries: ReadonlyMap<string, string>): HelpSection[] {
  const children = childrenOf(group)
  const tasks = HELP_GROUPS[group] ?? [{ title: 'Commands', entries: children }]
  const named = new Set(tasks.flatMap(({ entries }) => entries))
  const others = children.filter((id) => !named.has(id))
  const all: readonly HelpGroup[] = others.length === 0 ? tasks : [...tasks, { title: 'Other', entries: others }]
  const width = Math.max(...all.flatMap(({ entries }) => entries.map((id) => id.length)), 0)
  return all
    .filter(({ entries }) => entries.length > 0)
    .map(({ title, entries }) => ({ title, rows: entries.map((id) => rowOf(id, width, summaries)).join('\n') }))
}

function rowOf(id: string, width: number, summaries: ReadonlyMap<string, string>): string {
  const text = COMMANDS.includes(id) ? summaries.get(id) : `${TOPICS[id]}.`
  const names = otherNames(id)
  const brackets = names.length === 0 ? '' : ` [${names.join(', ')}]`
  return `${id.replaceAll(':', ' ').padEnd(width)}  ${text}${brackets}`
}

/** The commands and groups directly in a group, by name. */
function childrenOf(group: string): string[] {
  const prefix = group === '' ? '' : `${group}:`
  const children = COMMANDS.filter((id) => id.startsWith(prefix)).map(
    (id) => prefix + (id.slice(prefix.length).split(':')[0] as string),
  )
  return [...new Set(children)]
}

/** The other names of a command or group, such as `esc set`; within its group, the last word. */
function otherNames(id: string): string[] {
  const aliases = Object.entries({ ...ALIASES, ...GROUP_ALIASES }).filter(([, meant]) => meant === id)
  return [...aliases.map(([alias]) => alias), ...(TWINS[id] ?? [])].map((name) => inBrackets(name, id))
}

function inBrackets(name: string, id: string): string {
  const group = id.slice(0, id.lastIndexOf(':') + 1)
  return group !== '' && name.startsWith(group) ? name.slice(group.length) : `esc ${name.replaceAll(':', ' ')}`
}

/** Commands that are the same as another one, and have help of their own. */
const TWINS: Readonly<Record<string, readonly string[]>> = {
  open: ['env:open'],
  run: ['env:run'],
  'env:open': ['open'],
  'env:run': ['run'],
}
