import { produceText } from '../budget.ts'
import { compareKeys, formatJson, isJsonObject, type Json } from '../json.ts'

/** YAML text of JSON data: block style, two spaces a level, keys in order, strings in double quotes where plain text would not do. */
export function yamlOf(json: Json): string {
  return isScalar(json) ? `${scalar(json)}\n` : block(json, '')
}

function isScalar(json: Json): boolean {
  if (Array.isArray(json)) return json.length === 0
  return !isJsonObject(json) || Object.keys(json).length === 0
}

function scalar(json: Json): string {
  if (typeof json === 'string') return isPlain(json) ? json : formatJson(json)
  return formatJson(json)
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
    if (isScalar(item)) text += `${indent}${scalar(key)}: ${scalar(item)}\n`
    else text += `${indent}${scalar(key)}:\n${block(item, `${indent}  `)}`
  }
  return text
}

const reserved = /^(?:~|null|true|false|yes|no|on|off|y|n|\.nan|[-+]?\.inf|<<|=)$/i

/** Whether the text can stand without quotes and is read back as a string by YAML 1.1 and 1.2 readers alike. */
function isPlain(text: string): boolean {
  return (
    /^[A-Za-z_\u00c0-\u024f/][^\n\r\t:#\u007f-\u00a0\u2028\u2029\ud800-\udfff\ufeff]*$/u.test(text) &&
    !/[\u0000-\u001f]|^\s|\s$/.test(text) &&
    !reserved.test(text)
  )
}
