import { secretTokens } from '../../masking/index.ts'
import { secretsIn } from './source-lines.ts'

/** The password of a URL: what no message may show, wherever it came from, as little as a token. */
const URL_PASSWORD = /\b([a-z][a-z\d+.-]*:\/\/[^/?#\s:@'"]*:)[^/?#\s@]+(?=@)/gi

const MASK = '[secret]'

/** Texts shorter than this are not looked for: half of all messages would have them. */
const LEAST = 4

/**
 * Returns the forms to look for in messages: the texts, and the secrets of definitions, as they are
 * and as messages write them. The longest first.
 */
export function formsToConceal(texts: readonly string[], definitions: readonly string[]): readonly string[] {
  return formsOf([...texts, ...definitions.flatMap(secretsIn)])
}

/** The message with `[secret]` in the place of every form, and of what looks like a secret. */
export function concealedText(message: string, forms: readonly string[]): string {
  let known = message
  for (const form of forms) if (form.length <= known.length) known = withoutText(known, form)
  return known.replace(secretTokens(), MASK).replace(URL_PASSWORD, `$1${MASK}`)
}

/** The texts, their lines, and how they look in quotes and with escapes. */
function formsOf(texts: readonly string[]): readonly string[] {
  const forms = new Set<string>()
  for (const text of texts) {
    for (const form of [text, ...text.split(/[\r\n\0]+/)]) {
      const trimmed = form.trim()
      if (trimmed.length < LEAST) continue
      const json = JSON.stringify(trimmed).slice(1, -1)
      for (const each of [form, trimmed, json, json.replaceAll('\\"', '"'), escapedControls(trimmed)]) forms.add(each)
    }
  }
  // Of a text that holds another, nothing may be left.
  return [...forms].sort((a, b) => b.length - a.length)
}

/** A short text is looked for as a word: as a part of others it says nothing. */
function withoutText(message: string, text: string): string {
  if (text.length >= 8) return message.replaceAll(text, () => MASK)
  let shown = ''
  let at = 0
  for (let found = message.indexOf(text); found !== -1; found = message.indexOf(text, found + text.length)) {
    const end = found + text.length
    if (joins(message[found - 1], text[0]) || joins(text.at(-1), message[end])) continue
    shown += message.slice(at, found) + MASK
    at = end
  }
  return shown + message.slice(at)
}

/** True when two neighbours belong to one word. */
function joins(left: string | undefined, right: string | undefined): boolean {
  const letter = /[\p{L}\p{N}_]/u
  return left !== undefined && right !== undefined && letter.test(left) && letter.test(right)
}

/** As messages that must stay on one line write them. */
function escapedControls(text: string): string {
  return text.replace(/[\0-\x1f\x7f-\x9f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
