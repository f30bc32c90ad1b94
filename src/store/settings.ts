import type { Json, JsonObject } from '../json.ts'
import { deleteAt, setAt } from '../syntax/index.ts'
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
    const text = this.#text('sealedFrom')
    if (text === undefined) return undefined
    const number = Number(text)
    if (!Number.isSafeInteger(number) || number < 1)
      throw damaged(this.file, 'has a sealedFrom that is no revision number')
    return number
  }

  /** Vouches for `sealedFrom`. */
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

  /** The text with top-level fields set (or, where undefined, removed). Every other byte stays. */
  with(changes: JsonObject): string {
    let text = this.text
    for (const [key, value] of Object.entries(changes)) {
      text = value === undefined ? deleteAt(text, [key]) : setAt(text, [key], value)
    }
    return text
  }

  #text(key: string): string | undefined {
    const value = this.#fields[key]
    return value === undefined || value === null ? undefined : String(value)
  }
}
