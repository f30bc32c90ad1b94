import { ALIASES, GROUP_ALIASES } from '../../src/cli/framework/aliases.ts'
import type { CommandClass } from '../../src/cli/framework/command.ts'
import type { Flag } from '../../src/cli/framework/flags.ts'
import { loadCommand } from '../../src/cli/framework/load-command.ts'
import { COMMANDS } from '../../src/cli/framework/registry.ts'
import { TOPICS } from '../../src/cli/framework/topics.ts'

const HEAD = `# Commands

<!-- made of the command line: UPDATE_SNAPSHOTS=1 npx mocha test/docs/command-page.test.ts -->

Each command with its arguments and flags. \`esc COMMAND --help\` adds a description and examples. [cli.md](cli.md) says what holds for all of them:
stores, names of environments, output, exit codes. \`ENVIRONMENT\` is the environment, where nothing else is said.
`

const COMMON = 'Flags of many commands'
const ANCHOR = COMMON.toLowerCase().replaceAll(' ', '-')

/** Returns the text of \`docs/commands.md\`. */
export async function commandPage(): Promise<string> {
  const commands = new Map<string, CommandClass>()
  for (const id of [...COMMANDS].sort()) commands.set(id, await loadCommand(id))
  const common = commonRows([...commands.values()])
  const sections = [HEAD, `## ${COMMON}\n\n${[...common].sort().join('')}`]
  let last: string | undefined
  for (const [id, command] of commands) {
    const group = groupOf(id)
    if (group !== last && group !== id) sections.push(heading(group, TOPICS[group]))
    last = group
    sections.push(sectionOf(command, group === id && !isGroup(id), common))
  }
  return `${sections.join('\n').trimEnd()}\n`
}

/** From this many commands on, a flag with the same text is explained once. */
const MANY = 8

/** Lines of flags that many commands have. */
function commonRows(commands: readonly CommandClass[]): ReadonlySet<string> {
  const counts = new Map<string, number>()
  for (const row of commands.flatMap((command) => rowsOf(command))) counts.set(row, (counts.get(row) ?? 0) + 1)
  const often = [...counts].filter(([, count]) => count >= MANY).sort(([, a], [, b]) => a - b)
  return new Set(new Map(often.map(([row]) => [/--[a-z-]+/.exec(row)?.[0], row])).values())
}

/** Flags of a command that help shows, a line each. */
function rowsOf({ flags, baseFlags }: CommandClass): string[] {
  return Object.entries({ ...baseFlags, ...flags })
    .filter(([, flag]) => flag.hidden !== true)
    .map(([name, flag]) => flagRow(name, flag))
}

/** The group of a command: \`env:version:tag\` of \`env:version:tag:ls\`, or the command itself. */
function groupOf(id: string): string {
  const words = id.split(':')
  for (let length = Math.max(1, words.length - 1); length > 0; length--) {
    const group = words.slice(0, length).join(':')
    if (TOPICS[group] !== undefined) return group
  }
  return id
}

const isGroup = (id: string) => TOPICS[id] !== undefined

function heading(group: string, what = ''): string {
  return `## esc ${group.replaceAll(':', ' ')} …\n\n${what}.\n`
}

function sectionOf(command: CommandClass, standsAlone: boolean, common: ReadonlySet<string>): string {
  const { id } = command
  const name = `esc ${id.replaceAll(':', ' ')}`
  const others = Object.entries({ ...ALIASES, ...GROUP_ALIASES }).filter(([, meant]) => meant === id)
  const also = others.map(([alias]) => `\`esc ${alias.replaceAll(':', ' ')}\``).join(', ')
  const args = Object.entries(command.args)
  const rows = rowsOf(command)
  const shared = rows.filter((row) => common.has(row)).map((row) => /--[a-z-]+/.exec(row)?.[0])
  const usage = [
    name,
    ...args.map(([each, { required }]) => (required === true ? each.toUpperCase() : `[${each.toUpperCase()}]`)),
  ]
  const listed = [
    ...args
      .filter(([, { description }]) => description !== 'the environment')
      .map(([each, { description }]) => `- \`${each.toUpperCase()}\`: ${plain(description)}\n`),
    ...rows.filter((row) => !common.has(row)),
    ...(shared.length === 0
      ? []
      : [
          `- ${shared
            .sort()
            .map((flag) => `\`${flag}\``)
            .join(', ')}: [as everywhere](#${ANCHOR})\n`,
        ]),
  ]
  const mark = standsAlone ? '##' : '###'
  const summary = `${plain(command.summary ?? '')}${also === '' ? '' : ` Also ${also}.`}`
  return [`${mark} ${name}\n`, `${summary}\n`, `\`${usage.join(' ')}\`\n`, listed.join('')].join('\n')
}

function flagRow(name: string, flag: Flag<unknown>): string {
  const value = flag.options?.join('|') ?? flag.helpValue ?? 'value'
  const shown = [flag.char === undefined ? '' : `-${flag.char}, `, `--${name}`]
  if (flag.type === 'option') shown.push(flag.bare === undefined ? ` ${value}` : `[=${value}]`)
  const notes = [
    flag.required === true ? 'required' : '',
    flag.multiple === true && !/several times/.test(flag.description) ? 'may be given several times' : '',
    flag.default === undefined || flag.default === false ? '' : `default ${String(flag.default)}`,
  ].filter((each) => each !== '')
  const note = notes.length === 0 ? '' : ` (${notes.join('; ')})`
  return `- \`${shown.join('')}\`: ${plain(flag.description)}${note}\n`
}

/** As a page may hold it: no mark of Markdown or HTML means anything. */
function plain(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[*<>|[\]{}]/g, (mark) => `\\${mark}`)
}
