import { EscError } from '../../../errors.ts'
import { formatJson, type Json } from '../../../json.ts'

/** A SOPS file of any form as an object in YAML or JSON, with the metadata under `sops`. */
export interface SopsDocument {
  readonly form: 'yaml' | 'json' | 'dotenv' | 'ini'
  readonly text: string
  /**
   * Lines of the keys of a dotenv file, by key; of an INI file by `[section]` and `section key`.
   * Empty for YAML and JSON, which have places of their own.
   */
  readonly lines: ReadonlyMap<string, number>
}

/**
 * Tells the form of a SOPS file. In dotenv and INI files the metadata is flat:
 * `age__list_0__map_enc` for `age[0].enc`, behind `sops_` or in the section `[sops]`, with `\n` for
 * line ends. https://github.com/getsops/sops/tree/main/stores
 * @throws EscError `invalid_input` for a line that is none of the form, with its place.
 */
export function sopsDocument(text: string, source: string): SopsDocument {
  if (text.trimStart().startsWith('{')) return { form: 'json', text, lines: new Map() }
  if (/^\[sops\][^\S\n]*\r?$/m.test(text)) return iniDocument(text, source)
  if (/^sops_(?:mac|version|lastmodified)=/m.test(text)) return dotenvDocument(text, source)
  return { form: 'yaml', text, lines: new Map() }
}

/** The section of keys that stand before any. */
export const defaultSection = 'DEFAULT'

function dotenvDocument(text: string, source: string): SopsDocument {
  const values = new Map<string, string>()
  const metadata = new Map<string, string>()
  const lines = new Map<string, number>()
  for (const { line, number } of numbered(text)) {
    if (line === '' || line.startsWith('#')) continue
    const at = line.indexOf('=')
    if (at === -1) throw badLine(source, number, 'is not KEY=value')
    const key = line.slice(0, at)
    const value = line.slice(at + 1).replaceAll('\\n', '\n')
    if (key.startsWith('sops_')) {
      metadata.set(key.slice('sops_'.length), value)
      continue
    }
    if (lines.has(key)) throw badLine(source, number, `has the key of line ${lines.get(key)} again`)
    lines.set(key, number)
    values.set(key, value)
  }
  return { form: 'dotenv', text: documentOf(values, metadata), lines }
}

function iniDocument(text: string, source: string): SopsDocument {
  const sections = new Map<string, Map<string, string>>()
  const lines = new Map<string, number>()
  let section = defaultSection
  for (const { line, number } of numbered(text)) {
    const trimmed = line.trim()
    if (trimmed === '' || /^[;#]/.test(trimmed)) continue
    const header = /^\[(.+)\]$/.exec(trimmed)?.[1]
    if (header !== undefined) {
      section = header.trim()
      if (!lines.has(`[${section}]`)) lines.set(`[${section}]`, number)
      continue
    }
    const [, key = '', value = ''] = /^("""[^"]*"""|"[^"]*"|`[^`]*`|[^=:]+?)\s*[=:]\s*(.*)$/.exec(trimmed) ?? []
    if (key === '') throw badLine(source, number, 'is not a key = value')
    const name = unquoted(key)
    const place = `${section} ${name}`
    if (lines.has(place)) throw badLine(source, number, `has the key of line ${lines.get(place)} again`)
    lines.set(place, number)
    const keys = sections.get(section) ?? new Map<string, string>()
    sections.set(section, keys)
    keys.set(name, unquoted(value))
  }
  const metadata = new Map<string, string>()
  for (const [key, value] of sections.get('sops') ?? []) metadata.set(key, value.replaceAll('\\n', '\n'))
  sections.delete('sops')
  return { form: 'ini', text: documentOf(sections, metadata), lines }
}

function unquoted(text: string): string {
  return (
    /^(?:"""([\s\S]*)"""|"(.*)"|`(.*)`|'(.*)')$/
      .exec(text)
      ?.slice(1)
      .find((each) => each !== undefined) ?? text
  )
}

function* numbered(text: string): Generator<{ readonly line: string; readonly number: number }> {
  let number = 0
  for (const line of text.replace(/^\uFEFF/, '').split('\n')) {
    number++
    yield { line: line.replace(/\r$/, ''), number }
  }
}

/**
 * Written in the order of the file, which is that of the MAC; keys that look like numbers would
 * lose theirs as an object.
 */
function documentOf(values: Tree, metadata: ReadonlyMap<string, string>): string {
  return textOf(new Map<string, string | Tree | Json>([...values, ['sops', unflattened(metadata)]]))
}

type Tree = ReadonlyMap<string, string | ReadonlyMap<string, string>>

function textOf(value: ReadonlyMap<string, unknown> | Json): string {
  if (!(value instanceof Map)) return formatJson(value as Json)
  return `{${[...value].map(([key, member]) => `${formatJson(key)}:${textOf(member)}`).join(',')}}`
}

type Flat = { [key: string]: Flat | string | boolean }

function unflattened(metadata: ReadonlyMap<string, string>): Json {
  const root: Flat = Object.create(null)
  for (const [name, value] of metadata) {
    // `a__list_0__map_b`: the first member is an object, and so are lists for now.
    const steps = name.split(/__(?:map|list)_/)
    let at = root
    for (const step of steps.slice(0, -1)) {
      const next = at[step]
      if (typeof next === 'object') at = next
      else {
        const made: Flat = Object.create(null)
        at[step] = made
        at = made
      }
    }
    at[steps.at(-1) as string] = name === 'mac_only_encrypted' ? value === 'true' : value
  }
  return listed(root)
}

/** Objects whose keys count from 0 are lists. */
function listed(flat: Flat | string | boolean): Json {
  if (typeof flat !== 'object') return flat
  const members = Object.entries(flat)
  if (members.length > 0 && members.every(([key]) => /^\d{1,4}$/.test(key))) {
    return members.sort(([a], [b]) => Number(a) - Number(b)).map(([, value]) => listed(value))
  }
  return Object.fromEntries(members.map(([key, value]) => [key, listed(value)]))
}

function badLine(source: string, number: number, problem: string): EscError {
  return new EscError('invalid_input', `line ${number} of ${source} ${problem}`, {
    hint: 'restore the file from its history, as SOPS wrote it',
  })
}
