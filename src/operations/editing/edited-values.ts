import type { ExportedValue } from '../../evaluate/index.ts'
import { formatJson, type Json, JsonNumber } from '../../json.ts'
import { formatPropertyPath, type PropertyPath } from '../../yaml/index.ts'
import { isList, isObject } from '../opening/value-format.ts'
import type { Analysis } from './analysis.ts'

/** A value that a definition comes to, for people. Of a secret nothing but that it is one. */
export interface EditedValue {
  readonly path: string
  /** Its JSON, cut off where it is long. Undefined: it is a secret, or not known. */
  readonly shown?: string
  readonly secret?: true
  /** It is known once the environment is opened. */
  readonly unknown?: true
  /** The environment that defines it. */
  readonly from: string
}

export interface EditedValues {
  readonly listed: readonly EditedValue[]
  /** The number of those that are not listed. */
  readonly more: number
}

/** More of them nobody reads beside an editor. */
const MOST_LISTED = 500
/** Characters of a value that are shown. */
const MOST_SHOWN = 200

/** Lists the values that an analysis has found. Undefined: the text could not be evaluated. */
export function editedValues({ environment, name }: Analysis): EditedValues | undefined {
  if (environment === undefined) return undefined
  const listed: EditedValue[] = []
  let more = 0
  const visit = (path: PropertyPath, value: ExportedValue): void => {
    const content = value.value
    if (!value.secret && !value.unknown) {
      if (isList(content) && content.length > 0) {
        for (const [at, each] of content.entries()) visit([...path, at], each)
        return
      }
      if (isObject(content) && Object.keys(content).length > 0) {
        for (const [key, each] of Object.entries(content)) visit([...path, key], each)
        return
      }
    }
    if (listed.length >= MOST_LISTED) {
      more++
      return
    }
    listed.push({ path: formatPropertyPath(path), ...shownOf(value), from: value.trace.def.environment ?? name })
  }
  for (const [key, value] of Object.entries(environment.properties ?? {})) visit([key], value)
  return { listed, more }
}

function shownOf({ value, secret, unknown }: ExportedValue): Pick<EditedValue, 'shown' | 'secret' | 'unknown'> {
  if (secret) return { secret }
  if (unknown) return { unknown }
  const plain: Json = value === undefined ? null : isList(value) ? [] : isObject(value) ? {} : value
  const text = typeof plain === 'string' ? plain : plain instanceof JsonNumber ? plain.text : formatJson(plain)
  return { shown: text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text }
}
