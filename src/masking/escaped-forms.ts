import { present } from '../present.ts'
import { allEscapes, type Escape } from './escapes.ts'

/**
 * A text as programs print it between quotes or in markup: in JSON, string literals, URLs, HTML,
 * XML, SQL, CSV, YAML and shells. Also some of these inside one another, such as JSON in HTML. The
 * text itself may be among them.
 */
export function escapedForms(text: string): Set<string> {
  const forms = new Set<string>()
  // Most secrets are plain words: nothing to escape.
  if (/^[\w.-]*$/.test(text)) return forms
  // Plain and special parts take turns.
  const parts = text.split(SPECIAL)
  const special = [...new Set(parts.filter((_, index) => index % 2 === 1))].sort()
  for (const write of distinctEscapes(special)) {
    forms.add(parts.map((part, index) => (index % 2 === 0 ? part : write.get(part))).join(''))
  }
  // Terraform.
  forms.add(text.replaceAll('${', '$$${').replaceAll('%{', '%%{'))
  return forms
}

/** Letters and digits stay as they are in all forms. */
const SPECIAL = /([^A-Za-z0-9])/u

let escapes: readonly Escape[] | undefined

/** Returns what each escape writes for these characters; those that agree on them are one. */
function distinctEscapes(special: readonly string[]): readonly ReadonlyMap<string, string>[] {
  const key = special.join('')
  const before = distinct.get(key)
  if (before !== undefined) return before
  escapes ??= allEscapes()
  const written = special.map((char) => writtenBy(char, escapes as readonly Escape[]))
  const found = new Map<string, ReadonlyMap<string, string>>()
  for (let i = 0; i < escapes.length; i++) {
    const texts = written.map((each) => present(each[i]))
    const agreed = texts.join('\0')
    if (!found.has(agreed)) found.set(agreed, new Map(special.map((char, at) => [char, present(texts[at])])))
  }
  if (distinct.size >= MOST_SETS) distinct.clear()
  distinct.set(key, [...found.values()])
  return [...found.values()]
}

/** Escapes by the characters: the lines of a private key all have the same few. */
const distinct = new Map<string, readonly ReadonlyMap<string, string>[]>()
const MOST_SETS = 100

/** A character as each of the escapes writes it. */
function writtenBy(char: string, escapes: readonly Escape[]): readonly string[] {
  let written = known.get(char)
  if (written === undefined) {
    written = escapes.map((write) => write(char))
    known.set(char, written)
  }
  return written
}

const known = new Map<string, readonly string[]>()
