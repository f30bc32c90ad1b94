import { EscError } from '../../errors.ts'
import { readIfPresent, replaceFile } from '../../files/index.ts'
import { editHint } from '../edit-hint.ts'
import type { EnvironmentContext } from '../environment-context.ts'
import { layout } from '../layout.ts'
import type { History } from './history.ts'
import type { Revision } from './revision-file.ts'

/**
 * The state of `environment.yaml`: the newest revision (`clean`), the one before it or absent, as
 * after a crash (`stale`: the next writer puts it right), or something else (`edited` by hand).
 */
export type DefinitionState = 'clean' | 'stale' | 'edited'

/** `environment.yaml` of one environment: a copy of the newest definition that people may edit. */
export class WorkingDefinition {
  readonly file: string
  readonly #context: EnvironmentContext
  readonly #history: History

  constructor(context: EnvironmentContext, history: History) {
    this.#context = context
    this.#history = history
    this.file = layout.definition(context.folder)
  }

  /**
   * `newest` may be out of date: a writer may have come between reading it and now, and is
   * not taken for a hand edit.
   */
  state(newest: Revision): DefinitionState {
    const state = this.#compare(newest)
    if (state !== 'edited') return state
    const now = this.#history.newest()
    return now.digest === newest.digest ? state : this.#compare(now)
  }

  #compare(newest: Revision): DefinitionState {
    const bytes = this.#read()
    if (bytes === undefined) return 'stale'
    if (bytes.equals(Buffer.from(newest.definition))) return 'clean'
    const before = newest.number > 1 ? this.#history.revision(newest.number - 1) : undefined
    return before !== undefined && bytes.equals(Buffer.from(before.definition)) ? 'stale' : 'edited'
  }

  /** As it is now, edited or not. Undefined: there is no such file. */
  text(): string | undefined {
    const bytes = this.#read()
    if (bytes === undefined) return undefined
    const text = bytes.toString()
    if (!Buffer.from(text).equals(bytes)) {
      throw new EscError('invalid_input', `${this.file} is not UTF-8 text`, {
        hint: 'save it as UTF-8, or discard the edit',
      })
    }
    return text
  }

  replace(definition: string): void {
    replaceFile(this.#context.host.files, this.file, Buffer.from(definition))
  }

  /**
   * Makes sure, before a revision is added, that the file is the newest one, so that a crash leaves
   * it at most one behind. `savedEdit`: the edited text that is about to become that revision.
   * Throws `unsaved_edit` for any other edit.
   */
  requireSaved(newest: Revision, savedEdit?: string): void {
    const state = this.state(newest)
    if (state === 'stale') this.replace(newest.definition)
    if (state !== 'edited' || (savedEdit !== undefined && this.text() === savedEdit)) return
    const { name } = this.#context
    throw new EscError('unsaved_edit', `${this.file} was edited by hand and is not saved`, {
      hint: editHint(name),
    })
  }

  #read(): Buffer | undefined {
    const bytes = readIfPresent(this.#context.host.files, this.file)
    return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
}
