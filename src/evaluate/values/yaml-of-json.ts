import { produceText } from '../../budget.ts'
import { compareKeys, formatJson, isJsonObject, type Json } from '../../json.ts'

/**
 * YAML text of JSON data: block style, two spaces a level, keys in order, strings in double quotes
 * where plain text would not do. Readers of YAML 1.1 and 1.2 read back the same.
 */
export function yamlOf(json: Json): string {
  return isScalar(json) ? `${scalar(json)}\n` : block(json, '')
}

function isScalar(json: Json): boolean {
  if (Array.isArray(json)) return json.length === 0
  return !isJsonObject(json) || Object.keys(json).length === 0
}

function scalar(json: Json): string {
  if (typeof json !== 'string') return formatJson(json)
  return isPlain(json) ? json : formatJson(json).replace(unprintable, escaped)
}

/**
 * Characters that JSON does not escape, and that readers of YAML refuse or take for a line break.
 */
const unprintable = /[\u007f-\u009f\ufeff\ufffe\uffff]/g

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** A key with its colon. Readers of YAML 1.1 look no further than 1024 characters for the colon. */
function keyOf(key: string, indent: string): string {
  const text = scalar(key)
  return text.length > 1000 ? `? ${text}\n${indent}:` : `${text}:`
}

function block(json: Json, indent: string): string {
  let text = ''
  if (Array.isArray(json)) {
    for (const item of json) {
      // Indentation grows with the depth, and each level takes over the text of those within.
      produceText(indent.length)
      if (isScalar(item)) text += `${indent}- ${scalar(item)}\n`
      else {
        const inner = block(item, `${indent}  `)
        produceText(inner.length)
        text += `${indent}- ${inner.slice(indent.length + 2)}`
      }
    }
    return text
  }
  const object = json as { readonly [key: string]: Json | undefined }
  for (const key of Object.keys(object).sort(compareKeys)) {
    const item = object[key]
    if (item === undefined) continue
    produceText(indent.length)
    if (isScalar(item)) text += `${indent}${keyOf(key, indent)} ${scalar(item)}\n`
    else text += `${indent}${keyOf(key, indent)}\n${block(item, `${indent}  `)}`
  }
  return text
}

const reserved = /^(?:~|null|true|false|yes|no|on|off|y|n|e\d+|<<|=)$/i

/**
 * True when the text can stand without quotes and is read back as a string by YAML
 * 1.1 and 1.2 readers alike.
 */
function isPlain(text: string): boolean {
  return (
    /^[A-Za-z_\u00c0-\u024f/][^\n\r\t:#\u007f-\u00a0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]*$/u.test(text) &&
    !/[\u0000-\u001f]|^\s|\s$/.test(text) &&
    !reserved.test(text)
  )
}
