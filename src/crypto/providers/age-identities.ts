import { homedir } from 'node:os'
import { join } from 'node:path'
import { EscError } from '../../errors.ts'
import { type FileSystem, machineFiles, statusOf } from '../../files/index.ts'
import type { KeyContext } from '../secrets-provider.ts'

/** The secret half of an age key, `AGE-SECRET-KEY-1…`, and where it was found. */
export interface AgeIdentity {
  readonly text: string
  readonly place: string
}

/**
 * The identities of this user: `ESC_AGE_IDENTITY` alone; else the file that `ESC_AGE_IDENTITY_FILE` names alone; else all of
 * `age-identity.txt` in the configuration folder and, as for SOPS, `SOPS_AGE_KEY`, the file that `SOPS_AGE_KEY_FILE` names
 * and `sops/age/keys.txt` of the user's configuration. The order is that of trying.
 * @throws EscError `key_unavailable`.
 */
export function findIdentities(context: KeyContext, environment: string): AgeIdentity[] {
  const { env, files = machineFiles } = context
  if (env.ESC_AGE_IDENTITY) return parseIdentities(env.ESC_AGE_IDENTITY, { place: 'ESC_AGE_IDENTITY', environment })
  if (env.ESC_AGE_IDENTITY_FILE) {
    const where = { place: env.ESC_AGE_IDENTITY_FILE, environment }
    return parseIdentities(readNamed(files, 'ESC_AGE_IDENTITY_FILE', where), where)
  }
  const own = { place: ownIdentityFile(context), environment }
  const text = readOwn(files, own)
  const found = text === undefined ? [] : parseIdentities(text, own)
  if (env.SOPS_AGE_KEY) found.push(...usableIdentities(env.SOPS_AGE_KEY, 'SOPS_AGE_KEY'))
  if (env.SOPS_AGE_KEY_FILE) {
    const where = { place: env.SOPS_AGE_KEY_FILE, environment }
    found.push(...usableIdentities(readNamed(files, 'SOPS_AGE_KEY_FILE', where), where.place))
  }
  const sops = sopsFile(env)
  found.push(...usableIdentities(readIfPossible(files, sops), sops))
  return found
}

export function ownIdentityFile({ configFolder }: KeyContext): string {
  return join(configFolder, 'age-identity.txt')
}

interface Where {
  /** A variable, or the path of a file. */
  readonly place: string
  readonly environment: string
}

export function badIdentity({ place, environment }: Where, problem: string, hint: string): EscError {
  return new EscError(
    'key_unavailable',
    `cannot use the age identity of ${place} for environment '${environment}': ${problem}`,
    { hint },
  )
}

const identityForm = /^AGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]+$/

/** One identity a line, and comments, as `age-keygen` writes them. Nothing of a line is ever repeated in an error. */
function parseIdentities(text: string, where: Where): AgeIdentity[] {
  if (/^(?:-----BEGIN AGE ENCRYPTED FILE|age-encryption\.org)/m.test(text)) {
    const hint = 'unlock it with `age -d`, and hand it over in ESC_AGE_IDENTITY'
    throw badIdentity(where, 'it is locked with a passphrase', hint)
  }
  const identities: AgeIdentity[] = []
  text.split(/\r?\n/).forEach((line, index) => {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) return
    if (!identityForm.test(trimmed)) {
      const hint =
        'it must begin with AGE-SECRET-KEY-1, as `age-keygen` writes it; plugins and ssh keys are not supported'
      throw badIdentity(where, `line ${index + 1} is none`, hint)
    }
    identities.push({ text: trimmed, place: where.place })
  })
  if (identities.length === 0) throw badIdentity(where, 'there is none', 'make one with `age-keygen`')
  return identities
}

/** Of what was written for another program: identities that only it can use, such as those of plugins, are passed over. */
function usableIdentities(text: string, place: string): AgeIdentity[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim())
  return lines.filter((line) => identityForm.test(line)).map((line) => ({ text: line, place }))
}

function readNamed(files: FileSystem, variable: string, where: Where): string {
  try {
    return Buffer.from(files.readFile(where.place)).toString()
  } catch (error) {
    const problem = `it cannot be read (${(error as { code?: unknown }).code})`
    throw badIdentity(where, problem, `set ${variable} to a file that holds an age identity`)
  }
}

function readOwn(files: FileSystem, where: Where): string | undefined {
  const status = statusOf(files, where.place)
  if (status === undefined) return undefined
  if (process.platform !== 'win32' && (status.mode & 0o077) !== 0) {
    const problem = `it can be read by others (mode 0${status.mode.toString(8)})`
    throw badIdentity(where, problem, `run \`chmod 600 ${where.place}\`; if others may have read it, make a new one`)
  }
  return readNamed(files, 'ESC_AGE_IDENTITY_FILE', where)
}

/** What is there for another program may be closed to us. */
function readIfPossible(files: FileSystem, path: string): string {
  try {
    return Buffer.from(files.readFile(path)).toString()
  } catch {
    return ''
  }
}

function sopsFile(env: KeyContext['env']): string {
  const home = env.HOME || homedir()
  const folder =
    env.XDG_CONFIG_HOME ||
    (process.platform === 'darwin'
      ? join(home, 'Library', 'Application Support')
      : process.platform === 'win32'
        ? env.APPDATA || join(home, 'AppData', 'Roaming')
        : join(home, '.config'))
  return join(folder, 'sops', 'age', 'keys.txt')
}
