import { EscError } from '../../../errors.ts'
import {
  cutFooter,
  type DefinitionEdit,
  editDefinition,
  refuseVersion,
  replaceDefinition,
  type SaveResult,
  type SubmittedDraft,
  withFooter,
} from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG, WRITE_FLAGS } from '../../framework/command.ts'
import { readText } from '../../framework/definition-input.ts'
import { DRAFT_FLAG, inDraft } from '../../framework/draft.ts'
import { boolean, text } from '../../framework/flags.ts'
import { refused } from '../../framework/report-error.ts'
import { savedText } from '../../framework/saved-text.ts'
import { sweepPlaintext, type Target } from '../../framework/session.ts'
import { diagnosticBlocks, editText, findEditor, hasColour } from '../../terminal/index.ts'

const flags = {
  editor: text({ description: 'the editor to use (default: $VISUAL, else $EDITOR, else vi)', value: 'command' }),
  file: text({
    description: 'replace the definition by this file, or by standard input with -',
    char: 'f',
    value: 'file',
  }),
  'show-secrets': boolean({ description: 'edit with secrets in the clear' }),
  ...DRAFT_FLAG,
  ...OUTPUT_FLAG,
}

/** `aborted`: the user gave up; nothing was saved. */
interface Result {
  readonly kind: 'saved' | 'unchanged' | 'aborted'
  readonly revision?: number
  readonly draft?: SubmittedDraft
}

export default class EnvEdit extends EscCommand<Result, typeof flags> {
  static override id = 'env:edit'
  static override busy = 'checking'
  static override summary = 'Edit the definition of an environment in your editor.'
  static override description =
    `Opens the definition in your editor, checks the result, encrypts new secrets and saves a new revision. If the definition has errors, they are
shown and you can go on editing; a definition with errors is never saved. With --file, replaces the definition without an
editor.`
  static override examples = [
    { description: 'Edit in $EDITOR', command: 'esc env edit app/dev' },
    {
      description: 'Edit in VS Code, secrets in the clear',
      command: 'esc env edit app/dev --editor code --show-secrets',
    },
    { description: 'Replace the definition', command: 'esc env edit app/dev --file dev.yaml' },
  ]
  static override baseFlags = WRITE_FLAGS
  static override flags = flags
  static override args = { environment: { description: 'the environment', required: true } }
  static override count = { kind: 'atMost', count: 1 } as const

  async run(): Promise<Result> {
    if (this.flags.draft !== undefined && this.flags.draft !== 'new' && this.flags['show-secrets']) {
      throw new EscError('usage', '--show-secrets is not supported for updating drafts')
    }
    const { result, draft } = await inDraft(
      { io: this.io, flags: this.flags, positionals: this.positionals, id: EnvEdit.id },
      (target) => {
        refuseVersion(target.reference, 'edit')
        return this.flags.file === undefined ? this.#edit(target) : this.#replace(target, this.flags.file)
      },
    )
    return { ...result, draft }
  }

  async #replace({ session, reference }: Target, file: string): Promise<Result> {
    const messages = { file: 'reading environment definition', stdin: 'reading environment definition' }
    const definition = await readText(this.io, file, messages)
    // Rather a pipe whose program failed than a wish.
    if (definition.trim() === '') {
      throw new EscError(
        'invalid_input',
        `the definition read from ${file === '-' ? 'standard input' : file} is empty`,
        {
          hint: `nothing was saved; to empty the environment, write "values: {}"`,
        },
      )
    }
    const { result: saved } = await session.perform(replaceDefinition, reference, { text: definition })
    this.#show(saved, reference.name, definition)
    if (saved.kind === 'refused') throw refused(reference.name, saved.diagnostics)
    return { kind: saved.kind, revision: saved.revision }
  }

  async #edit({ session, reference }: Target): Promise<Result> {
    sweepPlaintext(this.io)
    const { name } = reference
    const editor = findEditor(this.io, this.flags.editor)
    const about = session.server === undefined ? { store: session.folder, environment: name } : undefined
    let definition: string | undefined
    const revise = async (edit: DefinitionEdit, refusal: SaveResult | undefined): Promise<string | undefined> => {
      if (refusal !== undefined) await this.#askToGoOn(refusal, name, definition ?? '')
      const footer = {
        diagnostics: this.#footerDiagnostics(edit.diagnostics, name, edit.text),
        valueJson: edit.valueJson,
      }
      const shown = withFooter(definition ?? edit.text, footer)
      definition = cutFooter(await editText(this.io, editor, shown, about))
      if (definition.trim() !== '') return definition
      this.io.err('Aborting edit due to empty definition.\n')
      return undefined
    }
    const request = { showSecrets: this.flags['show-secrets'], revise }
    const { result: saved } = await session.perform(editDefinition, reference, request)
    if (saved.kind === 'aborted') return saved
    this.#show(saved, name, definition ?? '')
    return { kind: saved.kind, revision: saved.revision }
  }

  /** @throws EscError `invalid_definition` when the user does not want to go on. */
  async #askToGoOn(refusal: SaveResult, name: string, definition: string): Promise<void> {
    this.#show(refusal, name, definition)
    this.io.err('Press ENTER to continue editing or ^D to exit')
    if ((await this.io.readLine()) !== undefined) return
    this.io.err('\nAborting edit.\n')
    throw refused(name, refusal.diagnostics)
  }

  #footerDiagnostics(diagnostics: SaveResult['diagnostics'], environment: string, source: string): string {
    return diagnostics.length === 0 ? '' : diagnosticBlocks(diagnostics, { environment, text: source }, false)
  }

  #show(saved: SaveResult, environment: string, source: string): void {
    if (saved.diagnostics.length === 0) return
    this.io.err(diagnosticBlocks(saved.diagnostics, { environment, text: source }, hasColour(this.io, 'stderr')))
  }

  text({ kind, revision = 0, draft }: Result): string | undefined {
    if (kind === 'aborted') return undefined
    const changed = kind === 'saved'
    const recorded = changed ? 'Environment updated.\n' : 'Environment unchanged.\n'
    return savedText(this.io, { revision, changed, draft }, recorded)
  }

  override json({ kind, revision, draft }: Result): unknown {
    return { revision: revision ?? null, changed: kind === 'saved', aborted: kind === 'aborted', draft }
  }
}
