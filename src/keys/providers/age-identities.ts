import { homedir } from 'node:os'
import { join } from 'node:path'
import { EscError } from '../../errors.ts'
import { type FileSystem, machineFiles, statusOf } from '../../files/index.ts'
import type { KeyContext } from '../provider.ts'

/** The secret half of an age key, `AGE-SECRET-KEY-1…`, and where it was found. */
export interface AgeIdentity {
  readonly text: string
  readonly place: string
}

/**
 * The reason why something in a place of identities cannot be used. Nothing of what is there is
 * repeated.
 */
interface Unusable {
  /** A variable, or the path of a file. */
  readonly place: string
  readonly problem: string
  readonly hint: string
}

export interface FoundIdentities {
  /** In the order of trying. */
  readonly identities: readonly AgeIdentity[]
  /** Identities that were passed over. */
  readonly unusable: readonly Unusable[]
}

/**
 * The identities of this user: `ESC_AGE_IDENTITY` alone; else the file that
 * `ESC_AGE_IDENTITY_FILE` names alone; else all of `age-identity.txt` in the configuration folder
 * and, as for SOPS, `SOPS_AGE_KEY`, the file that `SOPS_AGE_KEY_FILE` names and
 * `sops/age/keys.txt` of the user's configuration; last, what the command in `SOPS_AGE_KEY_CMD`
 * prints. One that cannot be used hides no other.
 */
export class AgeIdentities {
  readonly #context: KeyContext

  constructor(context: KeyContext) {
    this.#context = context
  }

  /**
   * Returns what `use` makes of the identities. It is called a second time, with those of
   * `SOPS_AGE_KEY_CMD` as well, when it returned undefined: the command may ask a person, so it is
   * run only where nothing else helps.
   */
  async try<T>(
    use: (identities: readonly UsableIdentity[]) => Promise<T | undefined>,
  ): Promise<{ readonly result: T | undefined; readonly found: IdentitiesInUse }> {
    const first = await usable(this.#atHand())
    const result = first.identities.length === 0 ? undefined : await use(first.identities)
    if (result !== undefined || !this.#hasCommand()) return { result, found: first }
    const { identitiesOfCommand } = await import('./age-identity-command.ts')
    const printed = await identitiesOfCommand(this.#context.env)
    const more = await usable(
      'problem' in printed ? { identities: [], unusable: [printed] } : foreign(printed.text, command),
    )
    const found = {
      identities: [...first.identities, ...more.identities],
      unusable: [...first.unusable, ...more.unusable],
    }
    return { result: more.identities.length === 0 ? undefined : await use(found.identities), found }
  }

  #hasCommand(): boolean {
    const { env } = this.#context
    return !env.ESC_AGE_IDENTITY && !env.ESC_AGE_IDENTITY_FILE && Boolean(env[command])
  }

  #atHand(): FoundIdentities {
    const { env, files = machineFiles } = this.#context
    if (env.ESC_AGE_IDENTITY) return own(env.ESC_AGE_IDENTITY, 'ESC_AGE_IDENTITY')
    if (env.ESC_AGE_IDENTITY_FILE) return named(files, 'ESC_AGE_IDENTITY_FILE', env.ESC_AGE_IDENTITY_FILE, own)
    const sops = sopsFile(env)
    const all = [
      readOwn(files, ownIdentityFile(this.#context)),
      foreign(env.SOPS_AGE_KEY ?? '', 'SOPS_AGE_KEY'),
      env.SOPS_AGE_KEY_FILE ? named(files, 'SOPS_AGE_KEY_FILE', env.SOPS_AGE_KEY_FILE, foreign) : none,
      foreign(readIfPossible(files, sops), sops),
    ]
    return { identities: all.flatMap((each) => each.identities), unusable: all.flatMap((each) => each.unusable) }
  }
}

export interface UsableIdentity extends AgeIdentity {
  /** The public half, `age1…`. */
  readonly recipient: string
}

export interface IdentitiesInUse extends FoundIdentities {
  readonly identities: readonly UsableIdentity[]
}

const command = 'SOPS_AGE_KEY_CMD'
const none: FoundIdentities = { identities: [], unusable: [] }

export function ownIdentityFile({ configFolder }: KeyContext): string {
  return join(configFolder, 'age-identity.txt')
}

/** The error where no identity can be used at all. `found` has at least one problem. */
export function badIdentity({ unusable: [first] }: FoundIdentities, environment?: string): EscError {
  const { place, problem, hint } = first as Unusable
  return new EscError(
    'key_unavailable',
    `cannot use the age identity of ${place}${environment === undefined ? '' : ` for environment '${environment}'`}: ${problem}`,
    { hint },
  )
}

/** For a message about others: which identities were passed over. Empty: none. */
export function passedOver({ unusable }: FoundIdentities): string {
  return unusable.length === 0
    ? ''
    : `; passed over: ${unusable.map(({ place, problem }) => `${place} (${problem})`).join(', ')}`
}

/**
 * Without those that the library cannot read. Its own errors repeat what it was
 * given, so they go no further.
 */
async function usable(found: FoundIdentities): Promise<IdentitiesInUse> {
  if (found.identities.length === 0) return { identities: [], unusable: found.unusable }
  const { identityToRecipient } = await import('../../vendor/age.ts')
  const identities: UsableIdentity[] = []
  const unusable = [...found.unusable]
  for (const identity of found.identities) {
    try {
      identities.push({ ...identity, recipient: await identityToRecipient(identity.text) })
    } catch {
      const hint = 'copy the whole line that begins with AGE-SECRET-KEY-'
      unusable.push({ place: identity.place, problem: 'it is damaged or cut short', hint })
    }
  }
  return { identities, unusable }
}

const identityForm = /^AGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]+$/

/**
 * Identities that were written for us: one per line, and comments, as `age-keygen` writes them.
 * What is no identity is a problem.
 */
function own(text: string, place: string): FoundIdentities {
  if (/^age-encryption\.org/.test(text)) return { identities: [], unusable: [locked(place)] }
  const identities: AgeIdentity[] = []
  const unusable: Unusable[] = []
  let block: string | undefined
  text.split(/\r?\n/).forEach((line, index) => {
    const trimmed = line.trim()
    if (block !== undefined) {
      if (trimmed === block) block = undefined
      return
    }
    const label = /^-----BEGIN (.+)-----$/.exec(trimmed)?.[1]
    if (label !== undefined) {
      block = `-----END ${label}-----`
      unusable.push(label === 'AGE ENCRYPTED FILE' ? locked(place) : notOne(place, index))
    } else if (identityForm.test(trimmed)) {
      identities.push({ text: trimmed, place })
    } else if (trimmed !== '' && !trimmed.startsWith('#')) {
      unusable.push(notOne(place, index))
    }
  })
  if (identities.length === 0 && unusable.length === 0) {
    unusable.push({ place, problem: 'there is none', hint: 'put into it what `age-keygen` prints' })
  }
  return { identities, unusable }
}

/**
 * Identities that were written for another program. Those that only it can use, such as of plugins,
 * are worth a word only where there are no others.
 */
function foreign(text: string, place: string): FoundIdentities {
  if (text.trim() === '') return none
  const { identities, unusable } = own(text, place)
  return { identities, unusable: identities.length === 0 ? unusable.slice(0, 1) : [] }
}

function locked(place: string): Unusable {
  const hint = 'unlock it with `age -d`, and hand it over in ESC_AGE_IDENTITY'
  return { place, problem: 'it is locked with a passphrase', hint }
}

function notOne(place: string, index: number): Unusable {
  const hint = 'it must begin with AGE-SECRET-KEY-1, as `age-keygen` writes it; plugins and ssh keys are not supported'
  return { place, problem: `line ${index + 1} is none`, hint }
}

/** Reads the identities in a file that a variable names. */
function named(files: FileSystem, variable: string, place: string, parse: typeof own): FoundIdentities {
  try {
    return parse(Buffer.from(files.readFile(place)).toString(), place)
  } catch (error) {
    const problem = `it cannot be read (${(error as { code?: unknown }).code})`
    return {
      identities: [],
      unusable: [{ place, problem, hint: `set ${variable} to a file that holds an age identity` }],
    }
  }
}

function readOwn(files: FileSystem, place: string): FoundIdentities {
  const status = statusOf(files, place)
  if (status === undefined) return none
  if (process.platform !== 'win32' && (status.mode & 0o077) !== 0) {
    const problem = `it can be read by others (mode 0${status.mode.toString(8)})`
    const hint = `run \`chmod 600 ${place}\`; if others may have read it, make a new one`
    return { identities: [], unusable: [{ place, problem, hint }] }
  }
  return named(files, 'ESC_AGE_IDENTITY_FILE', place, own)
}

/** Reads a file; one that is there for another program may be closed to us. */
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
