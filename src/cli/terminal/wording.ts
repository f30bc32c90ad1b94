import { type Part, RichText, remediesIn, type Text } from '../../rich-text.ts'
import { commandOf, flagText } from './remedy-commands.ts'

/**
 * A text as it is shown at a terminal: a step is followed by its command, as in `save it with
 * "esc env save app/dev"`; an input is its flag.
 *
 * @param quote what stands around commands. Default: `"`.
 */
export function worded(text: Text, quote = '"'): string {
  if (typeof text === 'string') return text
  return text.parts.map((part) => wordedPart(part, quote)).join('')
}

function wordedPart(part: Part, quote: string): string {
  if (typeof part === 'string') return part
  if (!('remedy' in part)) return flagText(part.input)
  const { words, remedy } = part
  return remedy.do === 'repeat' ? flagText(remedy.with) : `${words} with ${quote}${commandOf(remedy)}${quote}`
}

/**
 * Data for `--output json`: texts in the words of the terminal, and beside them, in `remedies`,
 * the remedies that they tell of. What has none is the same object.
 */
export function wordedData(value: unknown): unknown {
  if (value instanceof RichText) return worded(value)
  if (Array.isArray(value)) {
    const items = value.map(wordedData)
    return items.some((item, index) => item !== value[index]) ? items : value
  }
  if (!isPlain(value)) return value
  const entries = Object.entries(value).map(([key, each]) => [key, each, wordedData(each)] as const)
  if (entries.every(([, before, after]) => before === after)) return value
  const remedies = Object.values(value).flatMap((each) =>
    [each].flat().flatMap((one) => (one instanceof RichText ? remediesIn(one) : [])),
  )
  const words = entries.map(([key, , after]) => [key, after])
  return Object.fromEntries(remedies.length === 0 ? words : [...words, ['remedies', remedies]])
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
