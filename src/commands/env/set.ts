import { EscError } from '../../errors.ts'
import { diagnosticLines, hasColour } from '../../terminal/index.ts'
import { refuseVersion, type SubmittedDraft, setValue } from '../../workspace/index.ts'
import { EscCommand, WRITE_FLAGS } from '../framework/command.ts'
import { readText } from '../framework/definition-input.ts'
import { DRAFT_FLAG, draftText, inDraft } from '../framework/draft.ts'
import { boolean, text } from '../framework/flags.ts'
import { refused } from '../framework/report-error.ts'
import type { Target } from '../framework/session.ts'

const flags = {
  secret: boolean({ description: 'encrypt the value' }),
  plaintext: boolean({ description: 'store the value in the clear even if it looks like a secret' }),
  string: boolean({ description: 'take the value as text, not as YAML' }),
  file: text({ description: 'take the value from a file, or from standard input with -', char: 'f', value: 'file' }),
  ...DRAFT_FLAG,
}

interface Result {
  readonly revision: number | undefined
  readonly draft: SubmittedDraft | undefined
}

export default class EnvSet extends EscCommand<Result, typeof flags> {
  static override id = 'env:set'
  static override busy = 'saving'
  static override summary = 'Set a value within an environment.'
  static override description =
    `Sets the value at a path and saves the definition as a new revision. Only that value changes in the text: comments, order
and quoting of the rest stay. The value is read as YAML, so 42 is a number and [a, b] a list; --string takes it as it is.
A value that looks like a secret is refused unless --secret or --plaintext says what it is.`
  static override examples = [
    { description: 'Set a number', command: 'esc env set app/dev database.port 5432' },
    {
      description: 'Set a secret from standard input, so that it is in no history',
      command: 'esc env set app/dev api.token --secret --file -',
    },
    { description: 'Import another environment', command: "esc env set app/dev 'imports[0]' rotators/ci" },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = {
    environment: { description: 'the environment', required: true },
    path: { description: 'path of the value, below values; or imports[n]', required: true },
    value: { description: 'the value, as YAML' },
  }
  static override count = { kind: 'between', least: 1, most: 3 } as const

  async run(): Promise<Result> {
    const { result, draft } = await inDraft(
      { io: this.io, flags: this.flags, positionals: this.positionals, id: EnvSet.id },
      (target) => this.#set(target),
    )
    return { ...result, draft }
  }

  async #set({ workspace, reference, rest }: Target): Promise<Pick<Result, 'revision'>> {
    const { secret, plaintext, string, file } = this.flags
    refuseVersion(reference, 'set')
    const [path, given] = rest
    if (file === undefined ? rest.length !== 2 : rest.length !== 1) {
      throw new EscError('usage', file === undefined ? 'expected a path and a value' : 'expected a path', {
        hint: 'run "esc env set --help" for its arguments and flags',
      })
    }
    const saved = await setValue(workspace, reference, {
      path: path as string,
      value: async () => {
        if (file === undefined) return given as string
        return readText(this.io, file, { file: 'could not read file', stdin: 'could not read from stdin' })
      },
      secret,
      plaintext,
      string,
    })
    this.io.err(diagnosticLines(saved.diagnostics, hasColour(this.io, 'stderr')))
    if (saved.kind === 'refused') throw refused(reference.name)
    return { revision: saved.revision }
  }

  text({ draft }: Result): string | undefined {
    return draft && draftText(draft)
  }
}
