import { EscError } from '../../errors.ts'
import type { Json } from '../../json.ts'
import { parsePath, refuseVersion, secretCall, setLoginProvider } from '../../operations/index.ts'
import { diagnosticBlocks, hasColour } from '../terminal/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from './command.ts'
import { DRAFT_FLAG, inDraft } from './draft.ts'
import { boolean, type Flags, text } from './flags.ts'
import { RewordedError } from './report-error.ts'
import { type DraftedRevision, savedRevision, savedText } from './saved-text.ts'
import { readSecret } from './secret-input.ts'
import type { Target } from './session.ts'

/**
 * Flags of every command that writes a login provider. `path`: where it is put unless
 * the user says otherwise.
 */
export function loginProviderFlags(path: string) {
  return {
    path: text({ description: `where to put it, below values (default: ${path})`, value: 'path' }),
    create: boolean({ description: 'make the environment if there is none' }),
    ...DRAFT_FLAG,
    ...OUTPUT_FLAG,
  }
}

export const SUBJECT_ATTRIBUTE = 'an attribute for the subject of the identity token; can be given several times'

/** Flags of the commands whose last word is a secret. */
export const SECRET_FILE_FLAG = {
  file: text({
    description: 'take the secret from a file, or from standard input with -, instead of an argument',
    char: 'f',
    value: 'file',
  }),
}

interface OwnFlags {
  readonly file?: string
  readonly store?: string
  readonly env?: string
  readonly path?: string
  readonly create?: boolean
  readonly draft?: string
}

interface Result extends DraftedRevision {
  /** Full name of the environment when the command has made it. */
  readonly created: string | undefined
}

/** Writes one `fn::open` of a login provider into a definition. What differs is said by `call`. */
export abstract class LoginProviderCommand<F extends Flags> extends EscCommand<Result, F> {
  static override baseFlags = WRITE_FLAGS

  /** The place where the call goes by default. */
  protected abstract readonly place: string

  /** The words after the environment, such as `['role-arn', 'session-name']`. */
  protected abstract readonly words: readonly string[]

  /** The last word is a secret: it may come from a file, the terminal or standard input instead. */
  protected readonly endsInSecret: boolean = false

  /** The call, from those words. Members that are undefined or empty are left out. */
  protected abstract call(words: readonly string[]): Json

  async run(): Promise<Result> {
    const { io, positionals } = this
    const flags: OwnFlags = this.flags
    const id = (this.constructor as unknown as { readonly id: string }).id
    const { result, draft } = await inDraft({ io, flags, positionals, id }, (target) => this.#set(target, flags))
    return { ...result, draft }
  }

  async #set({ session, reference, rest }: Target, flags: OwnFlags): Promise<Omit<Result, 'draft'>> {
    refuseVersion(reference, 'provider')
    const words = await this.#words(rest, flags)
    const block = this.call(words)
    const typed = flags.path ?? this.place
    const path = parsePath(typed, (reason) => `invalid --path: ${reason}`)
    if (path.length === 0) throw new EscError('usage', 'path must contain at least one element')
    const request = { path, typed, block, create: flags.create ?? false }
    const set = () => session.perform(setLoginProvider, reference, request)
    const { saved, text, created } = (await set().catch(refuseMissing)).result
    if (created !== undefined) this.io.out(`Environment created: ${created}\n`)
    const source = { environment: reference.name, text }
    this.io.err(diagnosticBlocks(saved.diagnostics, source, hasColour(this.io, 'stderr')))
    if (saved.kind === 'refused') {
      throw new EscError('invalid_definition', 'provider update failed', { hint: 'nothing was saved' })
    }
    return { ...savedRevision(saved), created }
  }

  async #words(rest: readonly string[], { file }: OwnFlags): Promise<readonly string[]> {
    const missing = this.words.length - rest.length
    if (missing === 0 && file === undefined) return rest
    if (missing !== 1 || !this.endsInSecret) throw this.#expected()
    return [...rest, await readSecret(this.io, file, `The ${this.words.at(-1)?.replaceAll('-', ' ')}`)]
  }

  #expected(): EscError {
    const names = this.words.map((word) => `<${word}>`)
    const joined = names.length === 2 ? names.join(' and ') : names.join(' ')
    return new EscError('usage', `expected ${joined}`, {
      hint: 'run the command with --help for its arguments and flags',
    })
  }

  text(saved: Result): string {
    return savedText(this.io, saved, 'Provider updated.\n')
  }
}

/** The arguments of such a command, for its help. */
export function loginProviderArgs(words: Readonly<Record<string, string>>, { endsInSecret = false } = {}) {
  const last = endsInSecret ? Object.keys(words).at(-1) : undefined
  const args = Object.entries(words).map(
    ([name, description]) =>
      [name, { description, required: true, ...(name === last ? { holdsValue: true } : {}) }] as const,
  )
  return { environment: { description: 'the environment', required: true }, ...Object.fromEntries(args) }
}

/**
 * With `--env`, there is one positional less; so there is where the secret comes from elsewhere.
 */
export function loginProviderCount(words: number, { endsInSecret = false } = {}) {
  return { kind: 'between', least: endsInSecret ? words - 1 : words, most: words + 1 } as const
}

/** A list, unless it is empty. */
export function someOf(values: readonly string[]): readonly string[] | undefined {
  return values.length === 0 ? undefined : values
}

/** A call that evaluates to just this text. */
export function secretExpression(plaintext: string): Json {
  return secretCall(plaintext)
}

/** @throws EscError `usage` for anything but a positive integer. */
export function projectNumber(word: string): number {
  if (/^\+?[0-9]{1,15}$/.test(word) && Number(word) > 0) return Number(word)
  throw new EscError('usage', `invalid project number ${JSON.stringify(word)}: must be a positive integer`, {
    hint: 'the number, not the name, of the Google Cloud project',
  })
}

/** An error that says to create the environment first, in the words of the reference. */
function refuseMissing(error: unknown): never {
  if (!(error instanceof EscError)) throw error
  const remedy = error.remedies.find(({ do: what }) => what === 'create-environment')
  if (remedy?.do !== 'create-environment') throw error
  const { environment } = remedy
  const words = `environment ${environment} does not exist; pass --create to create it, or run \`esc env init ${environment}\` first`
  throw new RewordedError(error, words)
}
