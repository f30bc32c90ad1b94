import { isDeepStrictEqual } from 'node:util'
import { parse, parseDocument, stringify } from 'yaml'
import { EscError, messageOf } from '../errors.ts'

/** `settings.yaml` of an environment: the fields this code knows, and whatever else is there. */
export class Settings {
  readonly text: string
  readonly file: string
  readonly #simple: Readonly<Record<string, string>> | undefined
  #all: Readonly<Record<string, unknown>> | undefined

  /** @throws EscError `store_damaged` for a file that is no settings. */
  constructor(text: string, file: string) {
    this.text = text
    this.file = file
    this.#simple = simpleFields(text)
    if (!/^[0-9A-Za-z-]{8,64}$/.test(this.id)) throw this.#damaged('has no valid id')
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
    if (!Number.isSafeInteger(number) || number < 1) throw this.#damaged(`has a sealedFrom that is no revision number`)
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
  get(key: string): unknown {
    const all = this.#parse()
    return Object.hasOwn(all, key) ? all[key] : undefined
  }

  /** The text with top-level fields set (or, where undefined, removed). Every other byte stays. */
  with(changes: Readonly<Record<string, unknown>>): string {
    let text = this.text
    for (const [key, value] of Object.entries(changes)) text = setField(text, key, value)
    const expected: Record<string, unknown> = { ...this.#parse(), ...changes }
    for (const key of Object.keys(expected)) if (expected[key] === undefined) delete expected[key]
    if (isDeepStrictEqual(tryParse(text), expected)) return text
    // The lines are not what they seem (flow style, anchors …): correct beats pretty.
    const document = parseDocument(this.text)
    for (const [key, value] of Object.entries(changes)) {
      if (value === undefined) document.delete(key)
      else document.set(key, value)
    }
    return document.toString()
  }

  #text(key: string): string | undefined {
    if (this.#simple) return this.#simple[key]
    const value = this.get(key)
    return value === undefined || value === null ? undefined : String(value)
  }

  #parse(): Readonly<Record<string, unknown>> {
    if (this.#all) return this.#all
    let parsed: unknown
    try {
      parsed = parse(this.text)
    } catch (error) {
      const merge = /^<<<<<<< /m.test(this.text)
      throw this.#damaged(merge ? 'holds an unfinished git merge' : `is no YAML: ${messageOf(error).split('\n')[0]}`)
    }
    if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) throw this.#damaged('is no mapping')
    this.#all = parsed as Record<string, unknown>
    return this.#all
  }

  #damaged(problem: string): EscError {
    return new EscError('store_damaged', `${this.file} ${problem}`, { hint: 'restore the file from the git history' })
  }
}

function tryParse(text: string): unknown {
  try {
    return parse(text)
  } catch {
    return undefined
  }
}

/**
 * The top-level fields whose value is one plain word, read without a YAML parser: every `open` reads settings, and the
 * parser costs more than the rest of it. Undefined: the text has something at the left margin that needs the parser.
 */
function simpleFields(text: string): Readonly<Record<string, string>> | undefined {
  const fields: Record<string, string> = Object.create(null)
  const lines = text.split('\n')
  for (const [index, line] of lines.entries()) {
    if (line === '' || line[0] === '#' || line[0] === ' ') continue
    const match = /^([A-Za-z][A-Za-z0-9]*):(?: +(.*))?$/.exec(line)
    if (!match || match[1]! in fields) return undefined
    const value = match[2] ?? ''
    const continued = lines[index + 1]?.startsWith(' ') ?? false
    const word = /^[A-Za-z0-9](?:[\w.+/=@-]|:(?=[^\s]))*$/.test(value)
    if (word && !continued) fields[match[1]!] = value
    else if (!continued || known.has(match[1]!)) return undefined
    else fields[match[1]!] = ''
  }
  return fields
}

const known = new Set(['id', 'secretsProvider', 'wrappedDataKey', 'sealedFrom', 'settingsSeal', 'deletionProtected'])

function setField(text: string, key: string, value: unknown): string {
  const rendered = value === undefined ? '' : stringify({ [key]: value }, { lineWidth: 0 })
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? []
  const start = lines.findIndex((line) => line.startsWith(`${key}:`))
  if (start === -1) {
    const gap = text === '' || text.endsWith('\n') ? '' : '\n'
    return text + gap + rendered
  }
  // The field reaches as far as its indented lines (or items at the margin); comments after those belong to the next field.
  let end = start + 1
  for (let index = end; index < lines.length; index++) {
    if (/^(?: |- |-$)/.test(lines[index]!)) end = index + 1
    else if (!/^(?:#|\r?\n?$)/.test(lines[index]!)) break
  }
  return [...lines.slice(0, start), rendered, ...lines.slice(end)].join('')
}
