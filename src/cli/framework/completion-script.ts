import { ALIASES } from './aliases.ts'
import type { CommandClass } from './command.ts'
import { loadCommand } from './load-command.ts'
import { COMMANDS } from './registry.ts'
import { TOPICS } from './topics.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

interface Word {
  readonly word: string
  readonly description: string
}

interface FlagWord extends Word {
  /** The words that its value may be. Empty: any. */
  readonly options: readonly string[]
}

/** A command or group as completion sees it: by its words, with what may come next. */
interface Place {
  readonly path: string
  readonly words: readonly Word[]
  readonly flags: readonly FlagWord[]
  /** The command that lists what its argument may be. Empty: nothing does. */
  readonly lister: string
}

/**
 * A script for a shell: the commands and flags are written into it; names of environments
 * are asked for when needed.
 */
export async function completionScript(shell: Shell, options: { readonly descriptions: boolean }): Promise<string> {
  const places = await allPlaces()
  switch (shell) {
    case 'bash':
      return bashScript(places)
    case 'zsh':
      return zshScript(places, options.descriptions)
    case 'fish':
      return fishScript(places, options.descriptions)
  }
}

/** Flags whose value is an environment, as an expression. */
const namingFlags = 'env|dest'

/** Commands that list what arguments may be, by the names of the arguments. */
const listers = [
  ['environment', 'esc env ls'],
  ['environments', 'esc env ls'],
  ['token', 'esc server token list --ids'],
] as const

async function allPlaces(): Promise<Place[]> {
  const commands = new Map<string, CommandClass>()
  for (const id of COMMANDS) commands.set(id, await loadCommand(id))
  for (const [alias, id] of Object.entries(ALIASES)) commands.set(alias, commands.get(id) as CommandClass)
  const ids = [...new Set(['', ...Object.keys(TOPICS), ...commands.keys()])].sort()
  return ids.map((id) => {
    const command = commands.get(id)
    const prefix = id === '' ? '' : `${id}:`
    const words = ids
      .filter((other) => other !== '' && other.startsWith(prefix) && !other.slice(prefix.length).includes(':'))
      .map((other) => ({
        word: other.slice(prefix.length),
        description: commands.get(other)?.summary ?? TOPICS[other] ?? '',
      }))
    const flags = Object.entries({ ...command?.baseFlags, ...command?.flags }).map(
      ([name, { description, options = [] }]) => ({ word: `--${name}`, description, options }),
    )
    return {
      path: id.replaceAll(':', ' '),
      words,
      flags: [...flags, { word: '--help', description: 'help for the command', options: [] }],
      lister: listers.find(([argument]) => Object.hasOwn(command?.args ?? {}, argument))?.[1] ?? '',
    }
  })
}

/** Cases of bash and zsh: `path --flag` → the words that its value may be. */
function valueCases(places: readonly Place[]): string {
  const cases = new Map<string, string[]>()
  for (const { path, flags } of places) {
    for (const { word, options } of flags) {
      if (options.length === 0) continue
      const values = options.join(' ')
      cases.set(values, [...(cases.get(values) ?? []), JSON.stringify(`${path} ${word}`)])
    }
  }
  return [...cases].map(([values, names]) => `    ${names.join('|')}) values="${values}" ;;`).join('\n')
}

function bashScript(places: readonly Place[]): string {
  const cases = places.map(({ path, words, flags, lister }) => {
    const names = words.map(({ word }) => word).join(' ')
    const flagNames = flags.map(({ word }) => word).join(' ')
    return `    ${JSON.stringify(path)}) words=${JSON.stringify(names)} flags=${JSON.stringify(flagNames)} lister=${JSON.stringify(lister)} ;;`
  })
  return `# bash completion for esc
_esc() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" word words="" flags="" lister="" known=" ${knownPaths(places)} "
  local index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    [[ "$known" == *" \${path:+\${path// /:}:}$word "* ]] || break
    path="\${path:+$path }$word"
  done
  case "$path" in
${cases.join('\n')}
  esac
  # bash makes --flag=value three words.
  local flag="\${COMP_WORDS[COMP_CWORD - 1]}" values=""
  if [[ "$current" == "=" ]]; then
    current=""
  elif [[ "$flag" == "=" ]]; then
    flag="\${COMP_WORDS[COMP_CWORD - 2]}"
  fi
  case "$path $flag" in
${valueCases(places)}
  esac
  if [[ "$flag" =~ ^--(${namingFlags})$ ]]; then
    COMPREPLY=($(compgen -W "$(esc env ls 2>/dev/null)" -- "$current"))
  elif [[ -n "$values" ]]; then
    COMPREPLY=($(compgen -W "$values" -- "$current"))
  elif [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  elif [[ -n "$lister" && $index -eq $COMP_CWORD ]]; then
    COMPREPLY=($(compgen -W "$words $(eval "$lister" 2>/dev/null)" -- "$current"))
  elif [[ -n "$words" ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -F _esc esc
`
}

function knownPaths(places: readonly Place[]): string {
  return places
    .map(({ path }) => path.replaceAll(' ', ':'))
    .filter((path) => path !== '')
    .join(' ')
}

function zshScript(places: readonly Place[], descriptions: boolean): string {
  const shown = ({ word, description }: Word) =>
    posixWord(descriptions ? `${word.replaceAll(':', '\\:')}:${firstLine(description)}` : word)
  const cases = places.map(
    ({ path, words, flags, lister }) =>
      `    ${JSON.stringify(path)}) items=(${words.map(shown).join(' ')}) flags=(${flags.map(shown).join(' ')}) lister=${JSON.stringify(lister)} ;;`,
  )
  return `#compdef esc
# zsh completion for esc
_esc() {
  local path_="" word lister="" index known=" ${knownPaths(places)} "
  local -a items flags names
  for ((index = 2; index < CURRENT; index++)); do
    word="\${words[index]}"
    [[ "$known" == *" \${path_:+\${path_// /:}:}$word "* ]] || break
    path_="\${path_:+$path_ }$word"
  done
  case "$path_" in
${cases.join('\n')}
  esac
  local flag="\${words[CURRENT - 1]}" values=""
  if [[ "\${words[CURRENT]}" == --*=* ]]; then
    flag="\${words[CURRENT]%%=*}"
    compset -P '*='
  fi
  case "$path_ $flag" in
${valueCases(places)}
  esac
  if [[ "$flag" =~ ^--(${namingFlags})$ ]]; then
    names=(\${(f)"$(esc env ls 2>/dev/null)"})
    compadd -a names
  elif [[ -n "$values" ]]; then
    names=(\${=values})
    compadd -a names
  elif [[ "\${words[CURRENT]}" == -* ]]; then
    _describe 'flag' flags
  elif [[ -n "$lister" && $index -eq $CURRENT ]]; then
    names=(\${(f)"$(eval "$lister" 2>/dev/null)"})
    compadd -a names
    (( \${#items} )) && _describe 'command' items
  elif (( \${#items} )); then
    _describe 'command' items
  else
    _files
  fi
}
if [[ "\${funcstack[1]}" == _esc ]]; then _esc "$@"; else compdef _esc esc; fi
`
}

function fishScript(places: readonly Place[], descriptions: boolean): string {
  const lines = ['# fish completion for esc', 'complete -c esc -f']
  for (const { path, words, flags, lister } of places) {
    const at = posixWord(`__esc_at ${path}`.trim())
    for (const { word, description } of words)
      lines.push(`complete -c esc -n ${at} -a ${word}${described(description)}`)
    for (const { word, description, options } of flags) {
      const name = word.slice(2)
      const isNaming = namingFlags.split('|').includes(name)
      const values = isNaming ? '(esc env ls 2>/dev/null)' : options.join(' ')
      const given = values === '' ? '' : ` -x -a ${posixWord(values)}`
      lines.push(
        `complete -c esc -n ${posixWord(`__esc_in ${path}`.trim())} -l ${name}${given}${described(description)}`,
      )
    }
    if (lister !== '') lines.push(`complete -c esc -n ${at} -a '(${lister} 2>/dev/null)'`)
  }
  return `function __esc_words
  set -l words (commandline -opc)
  for word in $words[2..-1]
    string match -q -- '-*' $word; or echo $word
  end
end
function __esc_at
  set -l words (__esc_words)
  test "$words" = "$argv"
end
function __esc_in
  set -l words (__esc_words)
  test -z "$argv"; or string match -q -- "$argv*" "$words"
end
${lines.join('\n')}
`

  function described(description: string): string {
    return descriptions && description !== '' ? ` -d ${posixWord(firstLine(description))}` : ''
  }
}

function firstLine(text: string): string {
  return text.split('\n')[0] as string
}

function posixWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
