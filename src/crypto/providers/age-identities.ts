import { homedir } from 'node:os'
import { join } from 'node:path'
import { EscError } from '../../errors.ts'
import { machineFiles, readIfPresent, statusOf } from '../../files/index.ts'
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
 */
export function findIdentities(context: KeyContext, environment: string): AgeIdentity[] {
  const { env } = context
  if (env.ESC_AGE_IDENTITY) return parseIdentities(env.ESC_AGE_IDENTITY, 'ESC_AGE_IDENTITY')
  if (env.ESC_AGE_IDENTITY_FILE) {
    return parseIdentities(
      readNamed(env.ESC_AGE_IDENTITY_FILE, 'ESC_AGE_IDENTITY_FILE', context),
      env.ESC_AGE_IDENTITY_FILE,
    )
  }
  const found: AgeIdentity[] = []
  const own = ownIdentityFile(context)
  const text = readOwn(own, context, environment)
  if (text !== undefined) found.push(...parseIdentities(text, own))
  if (env.SOPS_AGE_KEY) found.push(...usableIdentities(env.SOPS_AGE_KEY, 'SOPS_AGE_KEY'))
  if (env.SOPS_AGE_KEY_FILE) {
    const named = readNamed(env.SOPS_AGE_KEY_FILE, 'SOPS_AGE_KEY_FILE', context)
    found.push(...usableIdentities(named, env.SOPS_AGE_KEY_FILE))
  }
  const sops = sopsFile(env)
  const bytes = readIfPresent(context.files ?? machineFiles, sops)
  if (bytes !== undefined) found.push(...usableIdentities(Buffer.from(bytes).toString(), sops))
  return found
}

export function ownIdentityFile({ configFolder }: KeyContext): string {
  return join(configFolder, 'age-identity.txt')
}

/** One identity a line, and comments, as `age-keygen` writes them. Nothing of a line is ever repeated in an error. */
function parseIdentities(text: string, place: string): AgeIdentity[] {
  const refuse = (problem: string, hint: string) => {
    throw new EscError('key_unavailable', `${place}: ${problem}`, { hint })
  }
  if (/^(?:-----BEGIN AGE ENCRYPTED FILE|age-encryption\.org)/m.test(text)) {
    refuse('the identity is locked with a passphrase', 'unlock it with `age -d`, and hand it over in ESC_AGE_IDENTITY')
  }
  const identities: AgeIdentity[] = []
  text.split(/\r?\n/).forEach((line, index) => {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) return
    if (!identityForm.test(trimmed)) {
      refuse(
        `line ${index + 1} is no age identity that can be used`,
        'it must begin with AGE-SECRET-KEY-1, as `age-keygen` writes it; plugins and ssh keys are not supported',
      )
    }
    identities.push({ text: trimmed, place })
  })
  if (identities.length === 0) refuse('there is no identity in it', 'make one with `age-keygen`')
  return identities
}

const identityForm = /^AGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]+$/

/** Of what was written for another program: identities that only it can use, such as those of plugins, are passed over. */
function usableIdentities(text: string, place: string): AgeIdentity[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim())
  return lines.filter((line) => identityForm.test(line)).map((line) => ({ text: line, place }))
}

function readNamed(path: string, variable: string, { files = machineFiles }: KeyContext): string {
  try {
    return Buffer.from(files.readFile(path)).toString()
  } catch (error) {
    const code = (error as { code?: unknown }).code
    throw new EscError('key_unavailable', `${variable}: cannot read ${path} (${code})`, {
      hint: 'name a file that holds an age identity',
    })
  }
}

function readOwn(path: string, { files = machineFiles }: KeyContext, environment: string): string | undefined {
  const status = statusOf(files, path)
  if (status === undefined) return undefined
  if (process.platform !== 'win32' && (status.mode & 0o077) !== 0) {
    throw new EscError(
      'key_unavailable',
      `cannot unlock environment '${environment}': the age identity ${path} can be read by others (mode 0${status.mode.toString(8)})`,
      { hint: `run \`chmod 600 ${path}\`; if others may have read it, change the key` },
    )
  }
  return Buffer.from(readIfPresent(files, path) ?? []).toString()
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
