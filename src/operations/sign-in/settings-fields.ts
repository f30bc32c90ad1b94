import { EscError } from '../../errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../../json.ts'

/** A mapping of `esc.yaml`, whose fields are read with a complaint about what cannot be used. */
export class SettingsFields {
  readonly #path: string
  readonly #fields: JsonObject

  /** @throws EscError `invalid_input` for what is no mapping, or has a field that is not known. */
  constructor(value: Json | undefined, path: string, known: readonly string[]) {
    this.#path = path
    if (!isJsonObject(value)) throw this.mistake('', `write it as a mapping with ${known.join(', ')}`)
    this.#fields = value
    const strange = Object.keys(value).find((name) => !known.includes(name))
    if (strange !== undefined) throw this.mistake(strange, `the fields of ${path} are ${known.join(', ')}`)
  }

  /** The error for a field. */
  mistake(field: string, hint: string): EscError {
    const where = field === '' ? this.#path : `${this.#path}.${field}`
    return new EscError('invalid_input', `\`${where}\` in esc.yaml cannot be used`, { hint })
  }

  /** The field as it is; `undefined` for one that is absent or null. */
  raw(field: string): Json | undefined {
    return this.#fields[field] ?? undefined
  }

  /** A text that is not empty. */
  text(field: string, hint: string): string | undefined {
    const value = this.raw(field)
    if (value === undefined || (typeof value === 'string' && value !== '')) return value
    throw this.mistake(field, hint)
  }

  requiredText(field: string, hint: string): string {
    const value = this.text(field, hint)
    if (value === undefined) throw this.mistake(field, hint)
    return value
  }

  /** A list of texts; a text alone is a list of one. */
  texts(field: string, hint: string): readonly string[] {
    const value = this.raw(field) ?? []
    const list = typeof value === 'string' ? [value] : value
    if (Array.isArray(list) && list.every((each) => typeof each === 'string' && each !== '')) return list
    throw this.mistake(field, hint)
  }

  /** An address that begins with `https://`, without anything that an issuer cannot have. */
  httpsUrl(field: string, example: string): string | undefined {
    const hint = `write an address that begins with https://, such as ${example}`
    const text = this.text(field, hint)
    if (text === undefined) return undefined
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (url?.protocol === 'https:' && `${url.username}${url.password}${url.search}${url.hash}` === '') return text
    throw this.mistake(field, hint)
  }

  /** A time such as `15m`, in seconds. */
  seconds(field: string, { usual, most }: { readonly usual: number; readonly most: number }): number {
    const hint = `write a time from 1m to ${most / 3600}h, such as 15m or 1h`
    const text = this.text(field, hint)
    if (text === undefined) return usual
    const [, amount, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
    const seconds = Number(amount) * (unitSeconds[unit] ?? Number.NaN)
    if (seconds >= 60 && seconds <= most) return seconds
    throw this.mistake(field, hint)
  }
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }
