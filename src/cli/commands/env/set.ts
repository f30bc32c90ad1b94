import { EscError } from '../../../errors.ts'
import { givenValue, parseValuePath, refuseVersion, setValue } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../framework/command.ts'
import { readText } from '../../framework/definition-input.ts'
import { DRAFT_FLAG, inDraft } from '../../framework/draft.ts'
import { boolean, text } from '../../framework/flags.ts'
import { FORM_FLAGS, formOf } from '../../framework/form-flags.ts'
import { refused } from '../../framework/report-error.ts'
import { type DraftedRevision, type SavedRevision, savedRevision, savedText } from '../../framework/saved-text.ts'
import { readSecret } from '../../framework/secret-input.ts'
import type { Target } from '../../framework/session.ts'
import { diagnosticLines, hasColour } from '../../terminal/index.ts'

const flags = {
  secret: boolean({ description: 'encrypt the value, which is kept as it is given' }),
  plaintext: boolean({ description: 'store the value in the clear even if it looks like a secret' }),
  ...FORM_FLAGS,
  value: text({
    description: 'the value, instead of an argument; --value=-x for one that begins with a dash',
    value: 'text',
    holdsValue: true,
  }),
  file: text({ description: 'take the value from a file, or from standard input with -', char: 'f', value: 'file' }),
  ...DRAFT_FLAG,
  ...OUTPUT_FLAG,
}

export default class EnvSet extends EscCommand<DraftedRevision, typeof flags> {
  static override id = 'env:set'
  static override busy = 'saving'
  static override summary = 'Set one value; --secret encrypts it.'
  static override description =
    `Sets the value at a path and saves a new revision. Only that value changes in the text: comments, order and quoting of the rest stay.
The value is read as YAML, so 42 is a number and [a, b] a list; --string takes it as text. A value that looks like a
secret needs --secret or --plaintext.

A secret is stored byte for byte. Without a value, --secret asks for it without echo at a terminal and reads standard input otherwise. With --json or
--yaml, the text is parsed and stored as an encrypted object, such as the JSON of a service account.`
  static override examples = [
    { description: 'Set a number', command: 'esc env set app/dev database.port 5432' },
    {
      description: 'Type a secret without echo, so that it is in no history',
      command: 'esc env set app/dev api.token --secret',
    },
    {
      description: 'Keep a private key',
      command: 'esc env set app/dev tls.key --secret --file key.pem',
    },
    {
      description: 'Keep the key of a service account as an object',
      command: 'esc env set app/dev gcp.key --secret --json --file key.json',
    },
    { description: 'Import another environment', command: "esc env set app/dev 'imports[0]' rotators/ci" },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = {
    environment: { description: 'the environment', required: true },
    path: { description: 'path of the value, below values; or imports[n]', required: true },
    value: { description: 'the value, as YAML; with --secret, the text to encrypt', holdsValue: true },
  }
  static override count = { kind: 'between', least: 1, most: 3 } as const

  async run(): Promise<DraftedRevision> {
    const { result, draft } = await inDraft(
      { io: this.io, flags: this.flags, positionals: this.positionals, id: EnvSet.id },
      (target) => this.#set(target),
    )
    return { ...result, draft }
  }

  async #set({ session, reference, rest }: Target): Promise<SavedRevision> {
    const { secret, plaintext, file, value } = this.flags
    refuseVersion(reference, 'set')
    const [path, argument] = rest
    const given = [file, value, argument].filter((each) => each !== undefined)
    if (path === undefined || rest.length > 2 || given.length > 1 || (given.length === 0 && !secret)) {
      const expected = file === undefined && value === undefined ? 'expected a path and a value' : 'expected a path'
      throw new EscError('usage', expected, {
        hint: 'name the environment first, or choose one with "esc select"; "esc env set --help" shows its arguments and flags',
      })
    }
    const form = formOf(this.flags)
    const text = async () => {
      const onLine = value ?? argument
      if (onLine !== undefined) return onLine
      if (secret) return readSecret(this.io, file, `Secret value of ${path}`)
      return readText(this.io, file as string, { file: 'could not read file', stdin: 'could not read from stdin' })
    }
    const { result: saved } = await session.perform(setValue, reference, {
      path: parseValuePath(path),
      value: async () => givenValue(await text(), { secret, form }),
      plaintext,
    })
    this.io.err(diagnosticLines(saved.diagnostics, hasColour(this.io, 'stderr')))
    if (saved.kind === 'refused') throw refused(reference.name, saved.diagnostics)
    return savedRevision(saved)
  }

  text(saved: DraftedRevision): string {
    return savedText(this.io, saved, '')
  }
}
