import { EscError } from '../errors.ts'
import { quote } from './quote.ts'

/** A path to a value: names and array indices, such as `a["b.c"][0]`. */
export type PropertyPath = readonly (string | number)[]

const maxIndex = 2n ** 63n - 1n

/**
 * Reads the text form of a property path: `a.b`, `a["b.c"]`, `a[0]`, `a[*]` (the name `*`). Names
 * may hold anything but `.` and `[`; inside `["…"]` a quote is written `\"` and nothing else is
 * escaped. The empty text is the empty path. Throws `invalid_input` with the reason alone; callers
 * say which path they mean.
 */
export function parsePropertyPath(text: string): PropertyPath {
  const path: (string | number)[] = []
  if (text.startsWith('.')) throw invalid('expected property path to start with a name or index')
  let at = 0
  while (at < text.length) {
    if (text[at] === '.') {
      at++
      if (at === text.length) throw invalid('expected property path to end with a name or index')
    } else if (text.startsWith('["', at)) {
      const { name, end } = readQuoted(text, at + 2)
      if (text[end] !== ']') throw invalid('missing closing bracket in property access')
      path.push(name)
      at = end + 1
    } else if (text[at] === '[') {
      const close = text.indexOf(']', at)
      if (close === -1) throw invalid('missing closing bracket in array index')
      const content = text.slice(at + 1, close)
      path.push(content === '*' ? '*' : readIndex(content))
      at = close + 1
    } else {
      let end = at
      while (end < text.length && text[end] !== '.' && text[end] !== '[') end++
      path.push(text.slice(at, end))
      at = end
    }
  }
  return path
}

function readQuoted(text: string, start: number): { name: string; end: number } {
  let name = ''
  for (let at = start; at < text.length; at++) {
    if (text[at] === '"') return { name, end: at + 1 }
    if (text.startsWith('\\"', at)) at++
    name += text[at]
  }
  throw invalid('missing closing quote in property name')
}

function readIndex(text: string): number {
  if (!/^[+-]?[0-9]+$/.test(text)) {
    throw invalid(`invalid array index: strconv.ParseInt: parsing ${quote(text)}: invalid syntax`)
  }
  const value = BigInt(text.replace('+', ''))
  if (value > maxIndex || value < -maxIndex - 1n) {
    throw invalid(`invalid array index: strconv.ParseInt: parsing ${quote(text)}: value out of range`)
  }
  return Number(value)
}

function invalid(reason: string): EscError {
  return new EscError('invalid_input', reason, { hint: 'write a path like database.users[0]["name.with.dots"]' })
}

/**
 * The canonical text of a property path: names of ASCII letters, digits and `_`
 * bare, others as `["…"]`.
 */
export function formatPropertyPath(path: PropertyPath): string {
  let text = ''
  for (const element of path) {
    if (typeof element === 'number') text += `[${element}]`
    else if (!/^\w+$/.test(element)) text += `["${element.replaceAll('"', '\\"')}"]`
    else text += text === '' ? element : `.${element}`
  }
  return text
}
