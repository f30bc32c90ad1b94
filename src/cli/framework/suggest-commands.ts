import { nearest } from '../../suggestion.ts'
import { ALIASES, GROUP_ALIASES } from './aliases.ts'
import { COMMANDS } from './registry.ts'

/** Words that people use for the same thing in other command lines. */
const SYNONYMS = [
  ['ls', 'list'],
  ['rm', 'remove', 'delete', 'del', 'unset'],
  ['new', 'init', 'create', 'add'],
  ['get', 'show', 'view', 'cat', 'describe'],
  ['open', 'decrypt', 'reveal'],
  ['run', 'exec'],
  ['history', 'log', 'logs', 'revisions'],
  ['cp', 'clone', 'copy'],
  ['mv', 'rename'],
  ['rollback', 'revert', 'undo'],
  ['edit', 'update', 'modify'],
]
const most = 3

/**
 * Returns the commands that somebody may have meant by a word that names none below `path`, each
 * without the name of the program, likeliest first; at most three. A word that is nearly a name
 * comes first, then another word for the same thing, then commands of that name in other groups:
 * `esc rm` is `env rm`.
 */
export function suggestCommands(word: string, path: readonly string[]): string[] {
  const here = namesBelow(path)
  const words = [word, ...(SYNONYMS.find((synonyms) => synonyms.includes(word)) ?? [])]
  const near = nearest(word, here) ?? words.find((other) => here.includes(other))
  if (near !== undefined) return [[...path, near].join(' ')]
  const elsewhere = namesOfAll().filter((name) => words.includes(name.at(-1) ?? ''))
  const below = elsewhere.filter((name) => path.every((part, index) => name[index] === part))
  const rank = (name: readonly string[]) => words.indexOf(name.at(-1) ?? '')
  const isOther = (name: readonly string[]) => Number(name[0] !== 'env')
  return (below.length > 0 ? below : elsewhere)
    .sort((one, other) => rank(one) - rank(other) || one.length - other.length || isOther(one) - isOther(other))
    .slice(0, most)
    .map((name) => name.join(' '))
}

/** Each command and group, by its words. */
function namesOfAll(): string[][] {
  const names = COMMANDS.map((id) => id.split(':'))
  const groups = new Set(names.flatMap((name) => name.slice(1).map((_, depth) => name.slice(0, depth + 1).join(':'))))
  return [...names, ...[...groups].filter((id) => !COMMANDS.includes(id)).map((id) => id.split(':'))]
}

/** The names of the commands and groups directly below a group. */
function namesBelow(path: readonly string[]): string[] {
  const prefix = path.length === 0 ? '' : path.join(':') + ':'
  const names = new Set<string>()
  for (const id of [...COMMANDS, ...Object.keys(ALIASES), ...Object.keys(GROUP_ALIASES)]) {
    if (id.startsWith(prefix)) names.add(id.slice(prefix.length).split(':')[0] as string)
  }
  return [...names].sort()
}
