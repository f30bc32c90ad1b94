import { looksSecret, secretParts } from '../terminal/index.ts'
import { type CommandClass, replacedArguments } from './command.ts'
import type { Flag, Flags } from './flags.ts'
import { isFlagLike } from './parse-arguments.ts'

/**
 * Returns the words that no message may repeat of a command line: the values of arguments and flags
 * that hold values (`holdsValue`), words that begin with a dash and are no flag, the part of a URL
 * where tokens are, and any word that looks like a secret, since it may stand in the wrong place.
 * `command` is undefined where the words name none.
 */
export function hiddenWords(command: CommandClass | undefined, words: readonly string[]): readonly string[] {
  const flags: Flags = { ...command?.baseFlags, ...command?.flags }
  const names = Object.entries(command?.args ?? {})
  const hidden: string[] = []
  const isSecret = words.includes('--secret')
  const add = (word: string, argument: { readonly holdsValue?: boolean } | undefined) =>
    hidden.push(...partsToHide(word, argument?.holdsValue ?? false, isSecret))
  let position = replacedArguments(
    command,
    words.some((word) => /^--env(?:=|$)/.test(word)),
  )
  let dashes = false
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string
    if (word === '--' && !dashes) {
      dashes = true
      continue
    }
    const flag = dashes ? undefined : flagOf(word, flags)
    if (flag !== undefined) {
      const equals = word.indexOf('=')
      if (equals !== -1) add(word.slice(equals + 1), flag)
      else if (flag.type === 'option' && flag.bare === undefined) add(words[++index] ?? '', flag)
      continue
    }
    if (!dashes && word.startsWith('-') && word.length > 1) {
      if (!isFlagLike(word, flags)) hidden.push(word, word.replace(/^-+/, ''))
      const equals = word.indexOf('=')
      if (equals !== -1)
        hidden.push(word.slice(0, equals), word.slice(0, equals).replace(/^-+/, ''), word.slice(equals + 1))
      else if (/^-[A-Za-z]./.test(word)) hidden.push(word.slice(2))
      // It may be the value that this argument expects.
      const argument = names[Math.min(position, names.length - 1)]?.[1]
      if (argument?.holdsValue && !isFlagLike(word, flags)) position++
      continue
    }
    const argument = names[Math.min(position++, names.length - 1)]?.[1]
    add(word, argument)
  }
  return hidden
}

function flagOf(word: string, flags: Flags): Flag<unknown> | undefined {
  if (word.startsWith('--')) {
    const name = word.slice(2).split('=', 1)[0] as string
    return Object.hasOwn(flags, name) ? flags[name] : undefined
  }
  if (word.length !== 2 || !word.startsWith('-')) return undefined
  return Object.values(flags).find(({ char }) => char === word[1])
}

function partsToHide(word: string, holdsValue: boolean, isSecret: boolean): string[] {
  if (word === '') return []
  if (!holdsValue) return [...(looksSecret(word) ? [word] : []), ...secretParts(word), ...pathOfUrl(word)]
  const value = /^(?:[^=\n]*)=([\s\S]+)$/.exec(word)?.[1]
  // An everyday word as a value is no secret, and stands in many messages.
  const whole = !isSecret && /^(?:[a-z]{1,11}|\d{1,6})$/i.test(word) ? [] : [word]
  return [...whole, ...(value === undefined ? [] : [value]), word.replace(/^[^\p{L}\p{N}]+/u, ''), ...scalarsOf(word)]
}

/**
 * Returns the scalars that YAML may take for an alias, a tag or a scalar in a value, but not the
 * keys: those tell where a mistake is.
 */
function scalarsOf(text: string): string[] {
  const found: string[] = []
  for (const match of text.matchAll(/[*&!]?([^\s{}[\],"'`:*&!|>#]{4,})(?!["']?\s*:(?:\s|:|$))/g)) {
    const [whole, scalar] = match as unknown as [string, string]
    if (/^(?:fn::|\$\{)/.test(scalar)) continue
    if (whole !== scalar || /[\d\W_]|[a-z][A-Z]/.test(scalar)) found.push(scalar)
  }
  return found
}

/** Whoever knows the path of such a URL can use it. The host is shown. */
function pathOfUrl(word: string): string[] {
  const match = /^https?:\/\/(?:([^/?#]*)@)?[^/?#]*(\/?[\s\S]*)$/i.exec(word)
  if (match === null) return []
  const [, user, path = ''] = match
  const parts = user === undefined ? [] : [user, ...user.split(':')]
  if (path.length > 12 || /[?#]/.test(path))
    parts.push(path.replace(/^\//, ''), ...path.split(/[/?#&=]/).filter(({ length }) => length >= 6))
  return parts
}
