import { formatJson, type Json, type JsonObject } from '../../json.ts'
import type { DataKey } from '../../keys/index.ts'
import { deleteAt, setAt } from '../../yaml/index.ts'
import { rememberParsed } from './remember-parsed.ts'
import { damaged, parseMapping } from './yaml-mapping.ts'

/** `settings.yaml` of an environment: the fields this code knows, and whatever else is there. */
export class Settings {
  readonly text: string
  readonly file: string
  readonly #fields: JsonObject

  /** @throws EscError `store_damaged` for a file that is no settings. */
  constructor(text: string, file: string) {
    this.text = text
    this.file = file
    this.#fields = parseMapping(text, file)
    if (!/^[0-9A-Za-z-]{8,64}$/.test(this.id)) throw damaged(file, 'has no valid id')
  }

  /** Random, for life: what ciphertexts, journal and memory are bound to. */
  get id(): string {
    return this.#text('id') ?? ''
  }

  /** URL or bare kind of the secrets provider. Undefined: the store's default. */
  get secretsProvider(): string | undefined {
    return this.#text('secretsProvider')
  }

  get wrappedDataKey(): string | undefined {
    return this.#text('wrappedDataKey')
  }

  /** The first revision that must carry a seal. */
  get sealedFrom(): number | undefined {
    return this.#count('sealedFrom', 'revision number')
  }

  /**
   * Digest of the revision before `sealedFrom`, the newest of those without a seal of their own.
   * Undefined: there is none, or an earlier version made the key.
   */
  get sealedAfter(): string | undefined {
    return this.#text('sealedAfter')
  }

  /**
   * Name under which the key holder last changed a sealed field: files of one environment in the
   * folder of another are refused. Undefined: an earlier version made the settings.
   */
  get name(): string | undefined {
    return this.#text('name')
  }

  /**
   * Counts the changes of sealed fields, so that older ones put back are noticed. Undefined: none
   * since the seal covers them.
   */
  get generation(): number | undefined {
    return this.#count('generation', 'count')
  }

  /** Vouches for the sealed fields (`sealedSettings`). */
  get settingsSeal(): string | undefined {
    return this.#text('settingsSeal')
  }

  get deletionProtected(): boolean {
    const text = this.#text('deletionProtected')
    return text !== undefined && text !== 'false'
  }

  /** A top-level field as data. Undefined: absent. */
  get(key: string): Json | undefined {
    return this.#fields[key]
  }

  /** Names of the fields there are. */
  keys(): string[] {
    return Object.keys(this.#fields)
  }

  /** The text with top-level fields set (or, where undefined, removed). Every other byte stays. */
  with(changes: JsonObject): string {
    let text = this.text
    for (const [key, value] of Object.entries(changes)) {
      text = value === undefined ? deleteAt(text, [key]) : setAt(text, [key], value)
    }
    return text
  }

  #count(key: string, what: string): number | undefined {
    const text = this.#text(key)
    if (text === undefined) return undefined
    const number = Number(text)
    if (!Number.isSafeInteger(number) || number < 1) throw damaged(this.file, `has a ${key} that is no ${what}`)
    return number
  }

  #text(key: string): string | undefined {
    const value = this.#fields[key]
    if (typeof value === 'object' && value !== null) throw damaged(this.file, `has a ${key} that is not text`)
    return value === undefined || value === null ? undefined : String(value)
  }
}

/**
 * Reads settings. Returns the same object for the same text, as long as it is known.
 *
 * @throws EscError `store_damaged` for a file that is no settings.
 */
export const readSettings = rememberParsed((text, file) => new Settings(text, file))

/**
 * Fields that decide which text a reference opens, who can read what is saved, or when it is
 * rotated. Only the holder of the key may change them.
 */
export const sealedFields = [
  'sealedFrom',
  'generation',
  'secretsProvider',
  'revisionTags',
  'retractions',
  'schedule',
  'sealedAfter',
  'name',
] as const

/** Fields that mean nothing without a key. */
export const keyedFields = [
  'name',
  'sealedFrom',
  'sealedAfter',
  'generation',
  'settingsSeal',
  'revisionTags',
  'retractions',
  'schedule',
] as const

/**
 * Returns the bytes that the seal of the settings covers: the sealed fields there are, as data, so
 * that comments and style are free.
 */
export function sealedSettings(settings: Settings): Uint8Array {
  if (settings.generation === undefined) return Buffer.from(`sealedFrom ${settings.sealedFrom ?? 'never'}`)
  const lines = sealedFields.flatMap((field) => {
    const value = settings.get(field)
    return value === undefined ? [] : [`${field} ${formatJson(value, { sortKeys: true })}\n`]
  })
  return Buffer.from(lines.join(''))
}

/**
 * Completes a change of sealed fields with the name of the environment, the next
 * generation and the seal.
 */
export function sealSettings(settings: Settings, changes: JsonObject, key: DataKey): JsonObject {
  const sealed = { ...changes, name: key.owner.name, generation: (settings.generation ?? 0) + 1 }
  const after = new Settings(settings.with(sealed), settings.file)
  return { ...sealed, settingsSeal: key.seal('settings', sealedSettings(after)) }
}
