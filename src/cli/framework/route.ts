import { EscError } from '../../errors.ts'
import { ALIASES, GROUP_ALIASES } from './aliases.ts'
import { COMMANDS } from './registry.ts'
import { suggestCommands } from './suggest-commands.ts'

/** The request in the first words of a command line. */
export type Route =
  | { readonly kind: 'command'; readonly id: string; readonly words: readonly string[] }
  | { readonly kind: 'help'; readonly subject: readonly string[] }

/**
 * Flags that may stand before the name of a sub-command (`esc env --env dev get`) and take a value.
 */
const LEADING_FLAGS = ['--env', '--store']

/** The first words of a command line: the name of a command or group, as far as they spell one. */
export function leadingWords(argv: readonly string[]) {
  const leading: string[] = []
  let path: string[] = []
  let index = 0
  while (index < argv.length) {
    const word = argv[index] as string
    if (LEADING_FLAGS.includes(word)) {
      leading.push(...argv.slice(index, index + 2))
      index += 2
      continue
    }
    if (LEADING_FLAGS.some((flag) => word.startsWith(flag + '='))) {
      leading.push(word)
      index++
      continue
    }
    if (word.startsWith('-')) break
    const next = canonical([...path, word])
    if (next === undefined) break
    path = next
    index++
  }

  return { path, leading, rest: argv.slice(index) }
}

/**
 * Finds the command: the longest name that the first words spell. A group without a sub-command is
 * a question for help; a word that names no command is an error with a suggestion.
 */
export function route(argv: readonly string[]): Route {
  const { path, leading, rest } = leadingWords(argv)
  const id = path.join(':')
  const word = rest[0]
  if (id === 'help') return { kind: 'help', subject: helpSubject(rest) }
  if (asksForHelp(rest)) return { kind: 'help', subject: path }
  // The status of one environment has a command of its own.
  if (id === 'status' && word !== undefined && !word.startsWith('-'))
    return { kind: 'command', id: 'env:status', words: [...leading, ...rest] }
  if (COMMANDS.includes(id)) return { kind: 'command', id, words: [...leading, ...rest] }
  if (word === '--version') return { kind: 'command', id: 'version', words: [] }
  if (word === undefined) return { kind: 'help', subject: path }
  const name = ['esc', ...path].join(' ')
  if (word.startsWith('-')) throw new EscError('usage', `unknown flag: ${word}`, { hint: `run "${name} --help"` })
  throw unknownCommand(word, path)
}

function unknownCommand(word: string, path: readonly string[]): EscError {
  const name = ['esc', ...path].join(' ')
  const meant = suggestCommands(word, path).map((command) => `"esc ${command}"`)
  return new EscError('usage', `unknown command "${word}" for "${name}"`, {
    hint:
      meant.length === 0 ? `run "${name} --help" for the commands there are` : `did you mean ${meant.join(' or ')}?`,
  })
}

/** The canonical words of a command or group; undefined when the words spell none. */
function canonical(words: readonly string[]): string[] | undefined {
  const id = words.join(':')
  if (id === 'help' || COMMANDS.includes(id) || isGroup(id)) return [...words]
  const names = Object.hasOwn(ALIASES, id) ? ALIASES : GROUP_ALIASES
  return Object.hasOwn(names, id) ? (names[id] as string).split(':') : undefined
}

/** Commands stand in it. Its texts (`topics.ts`) are for help, and need not be loaded. */
function isGroup(id: string): boolean {
  const prefix = `${id}:`
  return COMMANDS.some((command) => command.startsWith(prefix))
}

function asksForHelp(words: readonly string[]): boolean {
  // Only the first word decides here: further on, a `-h` may be the value of a flag or belong to
  // the program that `run` starts.
  return words[0] === '--help' || words[0] === '-h'
}

function helpSubject(words: readonly string[]): string[] {
  let path: string[] = []
  for (const word of words) {
    if (word.startsWith('-')) continue
    const next = canonical([...path, word])
    if (next === undefined) throw unknownCommand(word, path)
    path = next
  }
  return path
}
