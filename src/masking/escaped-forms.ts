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
  escapes ??= allEscapes()
  const special = [...new Set(text.match(SPECIAL))]
  const written = special.map((char) => writtenBy(char, escapes as readonly Escape[]))
  const seen = new Set<string>()
  for (let i = 0; i < escapes.length; i++) {
    // Escapes that agree on the characters of this text are one.
    const key = written.map((each) => each[i]).join('\0')
    if (seen.has(key)) continue
    seen.add(key)
    const escaped = new Map(special.map((char, at) => [char, written[at]?.[i]]))
    forms.add(text.replace(SPECIAL, (char) => escaped.get(char) ?? char))
  }
  // Terraform.
  forms.add(text.replaceAll('${', '$$${').replaceAll('%{', '%%{'))
  return forms
}

/** Letters and digits stay as they are in all forms. */
const SPECIAL = /[^A-Za-z0-9]/gu

let escapes: readonly Escape[] | undefined

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
