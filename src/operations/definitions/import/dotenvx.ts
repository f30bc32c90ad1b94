import { basename, dirname, join } from 'node:path'
import { EscError } from '../../../errors.ts'
import { smallText } from '../../../files/index.ts'
import { type DotenvxKey, isDotenvxCiphertext, type OpenDotenvxKey, openDotenvxKeys } from '../../../keys/index.ts'
import { again, rich, step } from '../../../rich-text.ts'
import type { SessionHost } from '../../session/session-parts.ts'
import {
  type DotenvLine,
  dotenvEntries,
  dotenvLines,
  dotenvRefusal,
  dotenvWarnings,
  hasVariable,
  isPublicKey,
  linePlaces,
  readDotenv,
  refuseSops,
} from './dotenv.ts'
import type { ForeignFile } from './foreign-value.ts'

/** The places that a `.env` file, and the keys for it, come from. */
export interface DotenvSource {
  /** The name that the user gave the file. */
  readonly source: string
  /** The absolute path of the file. Absent: it has none, as standard input. */
  readonly path?: string
  /** The file of private keys that the user named: no other place counts. */
  readonly keys?: { readonly content: string; readonly source: string }
}

/**
 * Reads a `.env` file as `readDotenv` does, and decrypts the values that dotenvx has encrypted
 * (ECIES over secp256k1). The private key comes from the file of keys that
 * is named; else from the variables `DOTENV_PRIVATE_KEY…` and from `.env.keys` beside the file. It
 * has to fit the public key in the file. All values are decrypted, or the file is refused.
 * @throws EscError `invalid_input`, `key_unavailable`, `tampered`.
 */
export async function readDotenvFile(text: string, host: SessionHost, from: DotenvSource): Promise<ForeignFile> {
  const { lines, problems } = dotenvLines(text)
  const encrypted = lines.filter(({ value }) => isDotenvxCiphertext(value))
  const { source } = from
  if (encrypted.length === 0) return readDotenv(text, source)
  refuseSops(lines, source)
  if (problems.length > 0) throw dotenvRefusal(problems, dotenvWarnings(lines, source), source)
  const keys = await fittingKeys(host, lines, from)
  const failed: DotenvLine[] = []
  const read = lines.map((line) => {
    if (!encrypted.includes(line)) return line
    const opened = decrypted(line, keys, source)
    if (opened === undefined) failed.push(line)
    return opened ?? line
  })
  if (failed.length > 0) throw undecrypted(failed, keys, source)
  return { entries: dotenvEntries(read), warnings: dotenvWarnings(read, source) }
}

/** The value as dotenvx has it: outside single quotes, `\$` is a `$` that starts no variable. */
function decrypted(line: DotenvLine, keys: readonly OpenDotenvxKey[], source: string): DotenvLine | undefined {
  for (const key of keys) {
    const bytes = key.decrypt(line.value)
    if (bytes === undefined) continue
    const text = textOf(bytes, `${linePlaces([line])} of ${source}`)
    if (line.literal) return { ...line, value: text, secret: true }
    const doubts = hasVariable(text.replaceAll('\\$', '')) ? (['variable'] as const) : []
    return { ...line, value: text.replaceAll('\\$', '$'), doubts, secret: true }
  }
  return undefined
}

function textOf(bytes: Uint8Array, place: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new EscError('invalid_input', `${place} is not text`, { hint: 'store it as base64' })
  }
}

function undecrypted(failed: readonly DotenvLine[], keys: readonly OpenDotenvxKey[], source: string): EscError {
  const one = failed.length === 1
  return new EscError(
    'tampered',
    `${namesOf(keys)} cannot decrypt ${linePlaces(failed)} of ${source}: ${one ? 'it was' : 'they were'} changed, or encrypted for another key`,
    { hint: 'restore the file from its history, or set those values again with "dotenvx set"' },
  )
}

/** The private keys that fit a public key of the file, or all when it holds none. */
async function fittingKeys(
  host: SessionHost,
  lines: readonly DotenvLine[],
  from: DotenvSource,
): Promise<readonly OpenDotenvxKey[]> {
  const found = from.keys === undefined ? atHand(host, from) : keysIn(from.keys.content, from.keys.source)
  const declared = lines.filter(({ key }) => isPublicKey(key))
  if (found.length === 0) throw noKey(lines, declared, from)
  const { open, unusable } = await openDotenvxKeys(found)
  const fits = ({ publicKey }: OpenDotenvxKey) => declared.some(({ value }) => value.toLowerCase() === publicKey)
  const fitting = declared.length === 0 ? open : open.filter(fits)
  if (fitting.length > 0) return fitting
  if (open.length === 0) {
    throw new EscError('key_unavailable', `${namesOf(unusable)} is not a private key of dotenvx for ${from.source}`, {
      hint: 'copy the whole key: 64 hexadecimal digits',
    })
  }
  const publicKeys = declared.map(({ key, line }) => `${key} (line ${line})`).join(', ')
  const passed = unusable.length === 0 ? '' : `; ${namesOf(unusable)} is not a private key of dotenvx`
  throw new EscError('key_unavailable', `${namesOf(open)} does not fit ${publicKeys} of ${from.source}${passed}`, {
    hint: rich`take the private key of ${declared.map(({ value }) => publicPart(value)).join(', ')}: name the file that holds it with ${again('keys')}`,
  })
}

/** A public key, shortened; anything else that stands in its place is not repeated. */
function publicPart(value: string): string {
  return /^[\da-f]{66}$/i.test(value) ? `${value.slice(0, 12)}…` : 'that public key'
}

function noKey(lines: readonly DotenvLine[], declared: readonly DotenvLine[], from: DotenvSource): EscError {
  const encrypted = lines.filter(({ value }) => isDotenvxCiphertext(value))
  const name = declared[0]?.key.replace('PUBLIC', 'PRIVATE') ?? privateKeyName(from.path)
  const { source, path, keys } = from
  const message =
    keys === undefined
      ? `dotenvx has encrypted values of ${source}: ${linePlaces(encrypted)}; their key ${name} was not found`
      : `${keys.source} holds no DOTENV_PRIVATE_KEY, and dotenvx has encrypted values of ${source}: ${linePlaces(encrypted)}`
  const beside = path === undefined ? '' : 'put .env.keys beside the file, or '
  return new EscError('key_unavailable', message, {
    hint: rich`${beside}set ${name}, or name the file of the keys with ${again('keys')}; without the key here, decrypt it where the key is, with "dotenvx decrypt -f <file> --stdout", and ${step('import what that prints', { do: 'import-values', format: 'dotenv', from: 'standard-input' })}`,
  })
}

/**
 * The name that dotenvx gives the key of a file: that of `.env.production` ends with
 * `_PRODUCTION`.
 */
function privateKeyName(path: string | undefined): string {
  const [, , ...parts] = path === undefined ? [] : basename(path).split('.')
  const suffix = parts.slice(0, 2).map((part) => `_${part.toUpperCase()}`)
  return `DOTENV_PRIVATE_KEY${suffix.join('')}`
}

function atHand({ env }: SessionHost, { path, source }: DotenvSource): readonly DotenvxKey[] {
  const variables = Object.entries(env).flatMap(([name, value = '']) => keysOf(name, value, 'the environment'))
  if (path === undefined) return variables
  const file = smallText(join(dirname(path), '.env.keys'))
  return file === undefined ? variables : [...variables, ...keysIn(file, join(dirname(source), '.env.keys'))]
}

function keysIn(text: string, place: string): readonly DotenvxKey[] {
  const { lines, problems } = dotenvLines(text)
  const keys = lines.flatMap(({ key, value }) => keysOf(key, value, place))
  if (keys.length === 0 && problems.length > 0) throw dotenvRefusal(problems, [], place)
  return keys
}

/** One variable may hold several keys, with commas between them. */
function keysOf(name: string, value: string, place: string): readonly DotenvxKey[] {
  if (!/^DOTENV_PRIVATE_KEY(?:_|$)/.test(name)) return []
  const texts = value.split(',').map((text) => text.trim())
  return texts.filter((text) => text !== '').map((text) => ({ name, place, text }))
}

function namesOf(keys: readonly DotenvxKey[]): string {
  return [...new Set(keys.map(({ name, place }) => `${name} of ${place}`))].join(', ')
}
