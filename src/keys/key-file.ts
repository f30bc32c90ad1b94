import { hash, randomBytes } from 'node:crypto'
import { dirname } from 'node:path'
import { EscError, messageOf } from '../errors.ts'
import { createFile, type FileSystem, makeFolders, readTextIfPresent, statusOf, syncFolder } from '../files/index.ts'
import { present } from '../present.ts'

/**
 * A key-encryption key as text:
 * `esc-key-v1:<16 hex digits: its id>:<43 characters of base64url: 32 bytes>`.
 */
export interface FileKey {
  /** A fingerprint: safe to show, and to keep beside what the key wraps. */
  readonly id: string
  readonly bytes: Uint8Array
}

const prefix = 'esc-key-v1'

function formatKey(key: FileKey): string {
  return `${prefix}:${key.id}:${Buffer.from(key.bytes).toString('base64url')}`
}

/**
 * Reads the keys of a key file or of `ESC_KEY`, one per line. A line that cannot be used hides no
 * other; `place` names where they are, for messages.
 *
 * @throws EscError `key_unavailable` when no line can be used.
 */
export function parseKeys(text: string, place: string): readonly FileKey[] {
  const lines = text.split('\n').map((line) => line.trim())
  const written = lines.filter((line) => line !== '' && !line.startsWith('#')).map(withoutComment)
  const keys = written.flatMap((line) => keyOf(line) ?? [])
  if (keys.length > 0) return keys
  const [first] = written
  const problem =
    first === undefined ? 'is empty' : first.startsWith(`${prefix}:`) ? 'is damaged or cut short' : 'is not an esc key'
  throw new EscError('key_unavailable', `${place} ${problem}`, {
    hint: `it must hold a whole line that begins with '${prefix}:', as in the backup of your key file`,
  })
}

/** Most lines have none, and are not asked for one with a regular expression. */
function withoutComment(line: string): string {
  return line.includes('#') ? line.replace(/\s+#.*$/, '') : line
}

/** Returns `undefined` when the line is no complete key. */
function keyOf(line: string): FileKey | undefined {
  const [version, id, encoded] = line.split(':')
  const bytes = Buffer.from(encoded ?? '', 'base64url')
  return version === prefix && bytes.length === 32 && keyId(bytes) === id ? { id, bytes } : undefined
}

/** `undefined` when there is no such file. Refuses a file that others may read. */
export function readKeyFile(files: FileSystem, path: string): readonly FileKey[] | undefined {
  const status = statusOf(files, path)
  if (status === undefined) return undefined
  if (process.platform !== 'win32' && (status.mode & 0o077) !== 0) {
    throw new EscError(
      'key_unavailable',
      `the key file ${path} can be read by others (mode 0${status.mode.toString(8)})`,
      { hint: `run \`chmod 600 ${path}\`; if others may have read it, change the key` },
    )
  }
  const text = readTextIfPresent(files, path)
  return text === undefined ? undefined : parseKeys(text, `the key file ${path}`)
}

/**
 * Makes a new key file, durably, before anything is wrapped with it. Another process that was first
 * wins: its key is returned.
 */
export function createKeyFile(files: FileSystem, path: string): { readonly key: FileKey; readonly created: boolean } {
  const bytes = randomBytes(32)
  const key = { id: keyId(bytes), bytes }
  const text =
    '# The key of your esc environments. Keep a copy in a safe place: without it, what it encrypts cannot be opened.\n' +
    '# Never commit it. In CI, put the line below into the variable ESC_KEY.\n' +
    `# More keys can follow, one per line, such as a team's. New environments are encrypted with the first.\n${formatKey(key)}\n`
  let created: boolean
  try {
    makeFolders(files, dirname(path), 0o700)
    created = createFile(files, path, Buffer.from(text), { mode: 0o600 })
  } catch (error) {
    throw new EscError('key_unavailable', `cannot make a key: ${messageOf(error)}`, {
      hint: 'set ESC_CONFIG_HOME to a folder you can write to, or ESC_KEY to an existing key',
      cause: error,
    })
  }
  keepKeyFile(files, path)
  return created ? { key, created } : { key: present(readKeyFile(files, path))[0] as FileKey, created }
}

/**
 * Before something is wrapped with a key file: whoever made it, or the folders above it (such as
 * `~/.config/esc`), may have been killed before their names were on the disk, and a loss of power
 * would take the key away and leave what it encrypts.
 */
export function keepKeyFile(files: FileSystem, path: string): void {
  let folder = path
  for (let above = 1; above <= 3; above++) {
    folder = dirname(folder)
    try {
      syncFolder(files, folder)
    } catch {
      // What cannot be opened or synced, such as a folder mounted for reading,
      // was not made a moment ago.
    }
  }
}

function keyId(bytes: Uint8Array): string {
  return hash('sha256', Buffer.concat([Buffer.from('esc key id v1\0'), bytes]), 'hex').slice(0, 16)
}
