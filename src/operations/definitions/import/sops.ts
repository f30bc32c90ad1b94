import { createHash, type Hash, timingSafeEqual } from 'node:crypto'
import { EscError } from '../../../errors.ts'
import { JsonNumber } from '../../../json.ts'
import { decryptSops, isSopsCiphertext, openSopsDataKey, type SopsPlaintext } from '../../../keys/index.ts'
import { again, rich, step } from '../../../rich-text.ts'
import { decode, formatPropertyPath, getAt, type Node, type ObjectNode, placeOf } from '../../../yaml/index.ts'
import type { SessionHost } from '../../session/session-parts.ts'
import { keyContext } from '../../session/workspace.ts'
import { DOUBTS, dotenvLines } from './dotenv.ts'
import {
  type ForeignEntry,
  type ForeignFile,
  type ForeignValue,
  foreignValue,
  noNumber,
  scalar,
} from './foreign-value.ts'
import { readObject } from './read-yaml.ts'
import { defaultSection, type SopsDocument, sopsDocument } from './sops-forms.ts'

interface SopsFile {
  /** Name of the environment that it is for. */
  readonly environment: string
  /** The name that the user gave the file. Default: `the SOPS file`. */
  readonly source?: string
  /** The absolute path of the file, for `sops` to decrypt. Absent: no program is run. */
  readonly bySops?: string
}

/**
 * Reads a YAML, JSON, dotenv or INI file that SOPS has encrypted for age recipients. Every value is
 * verified where it stands, and the file's MAC says that none was added, removed or moved
 * (https://getsops.io/docs/, "Message Authentication Code").
 * @throws EscError `key_unavailable`, `tampered`, `invalid_input`.
 */
export async function readSops(
  text: string,
  host: SessionHost,
  { environment, source = 'the SOPS file', bySops }: SopsFile,
): Promise<ForeignFile> {
  const document = sopsDocument(text, source)
  // Before anything else but a mistake in YAML is said of a file that was not meant.
  if (!text.includes('sops') && decode(source, text).diagnostics.length === 0) throw notEncrypted(source)
  const root = readObject(document.text, source, { severalHint: severalDocuments })
  const metadata = getAt(root, ['sops'])
  if (metadata?.kind !== 'object') throw notEncrypted(source)
  if (bySops !== undefined) {
    const { decryptedBySops } = await import('./sops-program.ts')
    const { form } = document
    return fileOf(await decryptedBySops({ root, form, path: bySops, source }, host), document, source)
  }
  const key = await openSopsDataKey(ageFiles(metadata, source), keyContext(host), environment)
  const tree = new Tree({ key, metadata, source, text: document.text, json: document.form !== 'yaml' })
  const entries = root.entries.flatMap((entry): ForeignEntry[] => {
    if (entry.key.value === 'sops') return []
    const at = document.lines.size > 0 ? undefined : placeOf(entry.key)
    return [{ key: entry.key.value, value: tree.read(entry.value, entry.key.value), at }]
  })
  tree.verify()
  return fileOf(entries, document, source)
}

/** The entries as each form has them, with their places. */
function fileOf(entries: readonly ForeignEntry[], document: SopsDocument, source: string): ForeignFile {
  if (document.form === 'dotenv') return dotenvFile(entries, document.lines, source)
  if (document.form === 'ini') return { entries: withoutDefault(placed(entries, document.lines, source), source) }
  return { entries }
}

function notEncrypted(source: string): EscError {
  return new EscError('invalid_input', `${source} has no metadata under the key 'sops': SOPS has not encrypted it`, {
    hint: rich`encrypt it with SOPS first, or ${step('import a .env file in the clear', { do: 'import-values', format: 'dotenv' })}`,
  })
}

const severalDocuments =
  'SOPS vouches for all documents together: write one file per document with "sops -d", encrypt each, and import those'

/** Reads the dotenv form. SOPS encrypts all that stands behind `=`, quotes included. */
function dotenvFile(entries: readonly ForeignEntry[], lines: ReadonlyMap<string, number>, source: string): ForeignFile {
  const warnings: string[] = []
  const read = entries.map(({ key, value }): ForeignEntry => {
    const line = lines.get(key) ?? 0
    const entry = { key, at: `${source}:${line}` }
    if (value.kind !== 'scalar' || typeof value.value !== 'string' || value.value.includes('\n'))
      return { ...entry, value }
    const { lines: parsed, problems } = dotenvLines(`KEY=${value.value}`)
    const [only] = parsed
    for (const { problem } of problems)
      warnings.push(`${source}:${line}: ${key} ${problem}; it was imported as it stands`)
    if (only === undefined || parsed.length > 1 || problems.length > 0) return { ...entry, value }
    for (const doubt of only.doubts) warnings.push(`${source}:${line}: ${key}: ${DOUBTS[doubt]}`)
    return { ...entry, value: { ...value, value: only.value } }
  })
  return { entries: read, warnings, place: 'environmentVariables' }
}

/** The sections of an INI file and their keys, with their lines. */
function placed(
  entries: readonly ForeignEntry[],
  lines: ReadonlyMap<string, number>,
  source: string,
): readonly ForeignEntry[] {
  const at = (place: string) => ({ at: `${source}:${lines.get(place)}` })
  return entries.map(({ key: section, value }) => {
    const entry = { key: section, ...at(`[${section}]`) }
    if (value.kind !== 'object') return { ...entry, value }
    const keys = value.entries.map((each) => ({ ...each, ...at(`${section} ${each.key}`) }))
    return { ...entry, value: { kind: 'object', entries: keys } }
  })
}

/** Keys before any section are those of the file itself. */
function withoutDefault(entries: readonly ForeignEntry[], source: string): readonly ForeignEntry[] {
  const own = entries.find(({ key }) => key === defaultSection)?.value
  const sections = entries.filter(({ key }) => key !== defaultSection)
  const first = own?.kind === 'object' ? own.entries : []
  const twice = first.find(({ key }) => sections.some((section) => section.key === key))
  if (twice === undefined) return [...first, ...sections]
  throw new EscError('invalid_input', `${source} has a key and a section of the name '${twice.key}'`, {
    hint: 'rename one of them',
  })
}

function ageFiles(metadata: ObjectNode, source: string): string[] {
  const list = getAt(metadata, ['age'])
  const files = list?.kind === 'array' ? list.elements.map((element) => textOf(element, 'enc')) : []
  const known = files.filter((file) => file !== undefined)
  if (known.length > 0) return known
  const groups = getAt(metadata, ['key_groups']) !== undefined
  throw new EscError(
    'key_unavailable',
    groups ? `the key of ${source} is shared between groups of keys` : `${source} is not encrypted for age recipients`,
    {
      hint: rich`to import it, let the program sops decrypt it with ${again('with-sops')}; or add yourself with "sops rotate --add-age <recipient> -i <file>" in one key group`,
    },
  )
}

function textOf(node: Node | undefined, key: string): string | undefined {
  const value = getAt(node, [key])
  return value?.kind === 'string' ? value.value : undefined
}

interface TreeOptions {
  readonly key: Uint8Array
  readonly metadata: ObjectNode
  readonly source: string
  readonly text: string
  /** It has no integers. */
  readonly json: boolean
}

/** The values of a file, decrypted in the order they stand, which is that of the MAC. */
class Tree {
  readonly #source: string
  readonly #key: Uint8Array
  readonly #metadata: ObjectNode
  readonly #text: string
  readonly #json: boolean
  readonly #onlyEncrypted: boolean
  readonly #hash: Hash

  constructor({ key, metadata, source, text, json }: TreeOptions) {
    this.#source = source
    this.#key = key
    this.#metadata = metadata
    this.#text = text
    this.#json = json
    const only = getAt(metadata, ['mac_only_encrypted'])
    this.#onlyEncrypted = only?.kind === 'boolean' && only.value
    this.#hash = createHash('sha512')
    // So that a MAC over some values is never one over all.
    if (this.#onlyEncrypted) this.#hash.update(createHash('sha256').update('sops').digest())
  }

  read(node: Node, key: string): ForeignValue {
    return foreignValue(node, [key], (leaf, path) => this.#leaf(leaf, path), this.#text)
  }

  #leaf(node: Node, path: readonly string[]): ForeignValue | undefined {
    if (node.kind === 'string' && isSopsCiphertext(node.value)) {
      const place = `${formatPropertyPath(path)} of ${this.#source}`
      const associatedData = path.map((key) => `${key}:`).join('')
      const plaintext = decryptSops(this.#key, node.value, { associatedData, place })
      this.#hash.update(plaintext.bytes)
      return secretOf(plaintext, place)
    }
    if (node.kind === 'array' || node.kind === 'object' || node.kind === 'null') return undefined
    this.#refuseUnencrypted(node, path)
    if (!this.#onlyEncrypted) this.#hash.update(macText(node, this.#json))
    return undefined
  }

  /**
   * Refuses a file in which a value that should be encrypted is not: it has been put there by
   * somebody without the key.
   */
  #refuseUnencrypted(node: Node, path: readonly string[]): void {
    if (node.kind === 'string' && node.value === '') return
    if (this.#mayBePlain(path)) return
    throw new EscError('tampered', `${formatPropertyPath(path)} of ${this.#source} is not encrypted, and should be`, {
      hint: 'restore the file from its history, or encrypt it with SOPS again',
    })
  }

  #mayBePlain(path: readonly string[]): boolean {
    const rule = (name: string) => textOf(this.#metadata, name)
    const some = (test: (key: string) => boolean) => path.some(test)
    const encryptedSuffix = rule('encrypted_suffix')
    if (encryptedSuffix) return !some((key) => key.endsWith(encryptedSuffix))
    const encryptedRegex = rule('encrypted_regex')
    if (encryptedRegex) return !some((key) => regex(encryptedRegex).test(key))
    const unencryptedRegex = rule('unencrypted_regex')
    if (unencryptedRegex) return some((key) => regex(unencryptedRegex).test(key))
    // Comments decide; they are not read here.
    if (rule('unencrypted_comment_regex') || rule('encrypted_comment_regex')) return true
    const suffix = rule('unencrypted_suffix') || '_unencrypted'
    return some((key) => key.endsWith(suffix))
  }

  verify(): void {
    const [mac, modified] = [textOf(this.#metadata, 'mac'), textOf(this.#metadata, 'lastmodified')]
    const hint = 'restore the file from its history; "sops --ignore-mac" would show what it says now'
    if (mac === undefined || modified === undefined)
      throw new EscError('tampered', `${this.#source} has no MAC`, { hint })
    const place = `the MAC of ${this.#source}`
    const { bytes } = decryptSops(this.#key, mac, { associatedData: modified, place })
    const computed = Buffer.from(this.#hash.digest('hex').toUpperCase())
    if (bytes.length === computed.length && timingSafeEqual(bytes, computed)) return
    throw new EscError('tampered', `${place} does not match: a value was added, removed, moved or changed`, { hint })
  }
}

/** SOPS has Go's regular expressions: their flags stand in the text, usually at the beginning. */
function regex(source: string): RegExp {
  const flags = /\(\?([is]+)\)/.exec(source)?.[1] ?? ''
  const rest = source.replace(/\(\?[is]+\)/, '')
  try {
    return new RegExp(rest, flags)
  } catch (error) {
    throw new EscError(
      'invalid_input',
      `the SOPS file has a rule that cannot be read here: ${JSON.stringify(source)}`,
      {
        cause: error,
      },
    )
  }
}

function secretOf({ type, bytes }: SopsPlaintext, place: string): ForeignValue {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new EscError('invalid_input', `${place} is not text`, { hint: 'store it as base64' })
  }
  if (type === 'bool') return scalar(text.toLowerCase() === 'true', true)
  if ((type === 'int' || type === 'float') && !/\d/.test(text)) throw noNumber(text, place)
  if (type === 'int' || type === 'float') return scalar(new JsonNumber(text), true)
  return scalar(text, true)
}

/** Returns the text that a value in the clear adds to the MAC. */
function macText(node: Node, json: boolean): string {
  switch (node.kind) {
    case 'string':
      return node.value
    case 'boolean':
      return node.value ? 'True' : 'False'
    case 'number':
      return numberText(node.text, json)
    default:
      return ''
  }
}

/**
 * A number without an exponent, in as few digits as tell it from its
 * neighbours. JSON has no integers.
 */
function numberText(text: string, json: boolean): string {
  if (!json && /^[-+]?(?:\d+|0[xob][\da-f]+)$/i.test(text)) return BigInt(text.replace(/^\+/, '')).toString()
  const [, sign = '', digits = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([-+]?\d+))?$/.exec(String(Number(text))) ?? []
  const point = digits.length + Number(exponent)
  const all = digits + fraction
  const whole = all.slice(0, Math.max(point, 0)).padEnd(point, '0') || '0'
  const rest = point < 0 ? all.padStart(all.length - point, '0') : all.slice(point)
  return `${sign}${whole}${/[1-9]/.test(rest) ? `.${rest}` : ''}`
}
