import { ALIASES, GROUP_ALIASES } from './aliases.ts'
import { type CommandClass, ENV_FLAGS, GLOBAL_FLAGS, replacedArguments } from './command.ts'
import { anyFile, candidatesFor, candidatesForFlag, type Found, type Typed } from './complete-values.ts'
import type { Flag, Flags } from './flags.ts'
import type { Host } from './host.ts'
import { loadCommand } from './load-command.ts'
import { COMMANDS } from './registry.ts'
import { leadingWords } from './route.ts'
import { TOPICS } from './topics.ts'

/**
 * Answers a shell that completes a command line: `esc __complete [--names] --word=WORD [WORDS...]`,
 * with the words before the one that is typed. Prints one candidate a line, with a tab and a
 * description behind it unless `--names` is there, or the line `:files` where a file belongs. It is
 * typed into, so it asks nothing, reports nothing and always succeeds: a mistake is no candidates.
 */
export async function complete(argv: readonly string[], host: Host): Promise<number> {
  const namesOnly = argv[0] === '--names'
  const [word = '', ...before] = namesOnly ? argv.slice(1) : argv
  try {
    const io: Host = Object.create(host, { err: { value: () => {} } })
    const found = await candidates(before, word.replace(/^--word=/, ''), { io, describes: !namesOnly })
    host.out(found === anyFile ? ':files\n' : lines(found, namesOnly))
  } catch {
    // The person is typing: the command itself will say what is wrong.
  }
  return 0
}

interface Asking {
  readonly io: Host
  readonly describes: boolean
}

async function candidates(before: readonly string[], current: string, asking: Asking): Promise<Found> {
  const { path, leading, rest } = leadingWords(before)
  const id = path.join(':')
  const startsAs = startingWith(current)
  if (id === 'help') return (await wordsBelow(leadingWords(rest).path, asking.describes)).filter(startsAs)
  const command = COMMANDS.includes(id) ? await loadCommand(id) : undefined
  const flags = command === undefined ? flagsOfGroup(path) : { ...command.baseFlags, ...command.flags }
  const given = readWords([...leading, ...rest], flags, command)
  const typed = { ...typedOf(command, given, asking.io), current }
  const isFirst = rest.length === 0 && !current.startsWith('-') && given.open === undefined
  const words = isFirst ? await wordsBelow(path, asking.describes) : []
  // A store that cannot be read still has commands.
  const found = await next({ command, flags, given, typed }).catch(() => [])
  if (found === anyFile && words.length === 0) return anyFile
  return [...words, ...(found === anyFile ? [] : found)].filter(startsAs)
}

const startingWith =
  (current: string) =>
  ({ name }: { readonly name: string }) =>
    name.startsWith(current)

function flagsOfGroup(path: readonly string[]): Flags {
  return path[0] === 'env' ? ENV_FLAGS : GLOBAL_FLAGS
}

interface Place {
  readonly command: CommandClass | undefined
  readonly flags: Flags
  readonly given: Given
  readonly typed: Typed
}

/** Returns what may stand in the place of the word, commands aside. */
async function next({ command, flags, given, typed }: Place): Promise<Found> {
  const { current } = typed
  if (given.isForeign) return anyFile
  if (given.open !== undefined) return candidatesForFlag(given.open, flags[given.open] as Flag<unknown>, typed)
  if (!given.dashes && current.startsWith('-')) {
    const equals = current.indexOf('=')
    if (equals === -1) return flagNames(flags, given)
    const [name, flag] = flagOf(current.slice(0, equals), flags) ?? []
    if (name === undefined || flag === undefined) return []
    const values = await candidatesForFlag(name, flag, { ...typed, current: current.slice(equals + 1) })
    if (values === anyFile) return anyFile
    return values.map(({ name, about }) => ({ name: `${current.slice(0, equals + 1)}${name}`, about }))
  }
  if (command === undefined) return []
  const argument = argumentAt(command, given)
  return argument === undefined ? [] : candidatesFor(argument, command, typed)
}

/** The name of the argument that the next word is. */
function argumentAt(command: CommandClass, given: Given): string | undefined {
  const names = Object.entries(command.args)
  const index = given.positionals.length + replacedArguments(command, given.values.has('env'))
  const last = names.at(-1)
  return names[index]?.[0] ?? (last?.[1].multiple ? last[0] : undefined)
}

function flagNames(flags: Flags, given: Given): Found {
  const left = Object.entries(flags).filter(([name, { hidden, multiple }]) => {
    return !hidden && (multiple || !given.values.has(name))
  })
  const names = left.map(([name, { description }]) => ({ name: `--${name}`, about: description }))
  return [...names, { name: '--help', about: 'help for the command' }]
}

/** The words before the one that is typed, as far as they can be understood. */
interface Given {
  readonly positionals: readonly string[]
  readonly values: ReadonlyMap<string, string>
  /** The flag whose value comes next. */
  readonly open: string | undefined
  /** There was a `--`. */
  readonly dashes: boolean
  /** The word belongs to another program. */
  readonly isForeign: boolean
}

/** As the command reads its words, but unknown flags and missing values are no errors. */
function readWords(words: readonly string[], flags: Flags, command: CommandClass | undefined): Given {
  const positionals: string[] = []
  const values = new Map<string, string>()
  const stopAfter = () => command?.stopAfter?.(new Map([...values].map(([name, value]) => [name, [value]])))
  let dashes = false
  let open: string | undefined
  for (const word of words) {
    const isForeign = positionals.length >= (stopAfter() ?? Number.POSITIVE_INFINITY)
    if (open !== undefined) {
      values.set(open, word)
      open = undefined
    } else if (dashes || isForeign || word === '-' || !word.startsWith('-')) positionals.push(word)
    else if (word === '--') dashes = true
    else {
      const [name, flag] = flagOf(word, flags) ?? []
      if (name === undefined || flag === undefined) continue
      const equals = word.indexOf('=')
      if (equals === -1 && flag.type === 'option' && flag.bare === undefined) open = name
      else values.set(name, equals === -1 ? '' : word.slice(equals + 1))
    }
  }
  const isForeign = command?.stopAfter !== undefined && (dashes || positionals.length >= (stopAfter() ?? 0))
  return { positionals, values, open, dashes, isForeign }
}

function flagOf(word: string, flags: Flags): readonly [string, Flag<unknown>] | undefined {
  const name = word.split('=', 1)[0] as string
  return Object.entries(flags).find(([each, { char }]) => name === `--${each}` || name === `-${char}`)
}

function typedOf(command: CommandClass | undefined, given: Given, io: Host): Omit<Typed, 'current'> {
  const { positionals, values } = given
  const isReplaced = replacedArguments(command, values.has('env')) > 0
  return {
    io,
    store: values.get('store')?.replace(/^~(?=\/)/, io.env.HOME ?? '~'),
    environment: values.get('env') ?? positionals[0],
    others: isReplaced || values.has('env') ? positionals : positionals.slice(1),
  }
}

/** The commands and groups directly below a group, under all their names. */
async function wordsBelow(path: readonly string[], describes: boolean) {
  const prefix = path.map((word) => `${word}:`).join('')
  const names = new Set<string>()
  for (const id of [...COMMANDS, ...Object.keys(ALIASES), ...Object.keys(GROUP_ALIASES)])
    if (id.startsWith(prefix)) names.add(id.slice(prefix.length).split(':')[0] as string)
  const about = async (name: string) => {
    const id = `${prefix}${name}`
    const own = ALIASES[id] ?? GROUP_ALIASES[id] ?? id
    return COMMANDS.includes(own) ? (await loadCommand(own)).summary : (TOPICS[own] ?? '')
  }
  return Promise.all([...names].sort().map(async (name) => ({ name, about: describes ? await about(name) : '' })))
}

/** A store may hold any names: none gets control over the terminal, or makes two lines of one. */
function lines(found: Exclude<Found, typeof anyFile>, namesOnly: boolean): string {
  const control = /[\p{Cc}\p{Cf}\u2028\u2029]/u
  return found
    .filter(({ name }) => name !== '' && !control.test(name))
    .map(({ name, about }) => {
      const line = about.split('\n', 1)[0] as string
      return namesOnly || line === '' ? `${name}\n` : `${name}\t${line.replace(new RegExp(control, 'gu'), ' ')}\n`
    })
    .join('')
}
