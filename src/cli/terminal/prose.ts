import type { Concealment } from './conceal.ts'
import type { Io } from './io.ts'

/**
 * Characters with which a text could move the cursor, change the terminal, or look different from
 * what it is: control characters (C0 but for tabs and line breaks, DEL, C1), directions of writing
 * (bidi embeddings, overrides and isolates), and separators of lines.
 */
const CONTROLS = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]|\r(?!\n)/g
const LINE_CONTROLS = /[\t\n\r]/g

/** Begins a colour of our own. No text that was written before this process began can hold it. */
const MARK = `\ue000${Math.random().toString(36).slice(2)}`
const MARKED_STYLE = new RegExp(`${MARK}(\\[[0-9;]*m)`, 'g')
const STYLE = /\x1b(?=\[[0-9;]*m)/g

/** The escape sequences of our own colours as marks, which `prose` makes escape sequences again. */
export function marked(style: string): string {
  return style.replace(STYLE, MARK)
}

export function withoutMarks(text: string): string {
  return text.includes(MARK) ? text.replace(MARKED_STYLE, '') : text
}

/**
 * A text as it is written for people, wherever it came from: control characters as `\u001b`, our
 * own colours as they are. Every string that a command writes goes through here (`writingProse`);
 * what is written as bytes does not.
 */
export function prose(text: string): string {
  const escaped = text.replace(CONTROLS, escapeUnit)
  return escaped.includes(MARK) ? escaped.replace(MARKED_STYLE, '\x1b$1') : escaped
}

/** The same for a text that must stay on its line, such as a name in a table. */
export function oneLine(text: string): string {
  return text.replace(CONTROLS, escapeUnit).replace(LINE_CONTROLS, escapeUnit)
}

/** JSON text whose strings hold no such character as it is: the same data. */
export function escapedJson(json: string): string {
  return json.replace(CONTROLS, escapeUnit)
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/**
 * A terminal on which strings are written as prose, and bytes as they are: values that a person
 * asked for, and our own drawing. What goes to standard error goes through `concealment` first.
 */
export function writingProse<I extends Io>(io: I, concealment: Pick<Concealment, 'apply' | 'addDefinition'>): I {
  const conceal = (text: string) => concealment.apply(text)
  const write = (stream: 'out' | 'err', first: (text: string) => string) => ({
    value(text: string | Uint8Array) {
      // Making ready to conceal takes a while.
      if (text.length === 0) return
      io[stream](typeof text === 'string' ? prose(first(text)) : text)
    },
  })
  return Object.create(io, {
    out: write('out', String),
    err: write('err', conceal),
    conceal: { value: conceal },
    hide: { value: (definition: string) => concealment.addDefinition(definition) },
  }) as I
}
