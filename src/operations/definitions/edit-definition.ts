import { EscError } from '../../errors.ts'
import { formatJson } from '../../json.ts'
import type { Environment, Revision } from '../../store/index.ts'
import type { Diagnostic } from '../../yaml/index.ts'
import { definitionText } from '../opening/get-environment.ts'
import { rootValue, toPlainJson } from '../opening/value-format.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { withMissingStates } from '../revisions/rollback.ts'
import { operation } from '../session/operation.ts'
import type { Workspace } from '../session/workspace.ts'
import { changeNewest } from './change-newest.ts'
import { withSecretsEncrypted } from './handed-back.ts'
import { checkDefinition, type SaveResult, saveDefinition, saveOutcome } from './save-definition.ts'

/** A definition while somebody edits it. */
export interface DefinitionEdit {
  /** The text to edit; its secrets are in the clear when asked for. */
  readonly text: string
  /** The value of the definition, as JSON; undefined when it is empty or broken. */
  readonly valueJson: string | undefined
  readonly diagnostics: readonly Diagnostic[]
}

export interface EditRequest {
  readonly showSecrets: boolean
  /**
   * Has somebody edit the definition and returns what they made of it. `undefined`: they gave up.
   * `refused`: why what they made last time was not saved.
   */
  readonly revise: (edit: DefinitionEdit, refused: SaveResult | undefined) => Promise<string | undefined>
}

/** `aborted`: they gave up. */
export type EditResult = Exclude<SaveResult, { readonly kind: 'refused' }> | { readonly kind: 'aborted' }

/**
 * Hands a definition to somebody who edits it, until it is saved or they give up. Throws EscError
 * `conflict` when another revision came first; what `revise` throws.
 */
export const editDefinition = operation({
  name: 'edit-definition',
  level: 'write',
  audit: 'environment-updated',
  async run(work, { showSecrets, revise }: EditRequest): Promise<EditResult> {
    const environment = work.store.environment(work.subject.name)
    const base = environment.current()
    const edit = await beginEdit(work, { ...work.subject, version: String(base.number) }, showSecrets)
    let saved: SaveResult | undefined
    do {
      const text = await revise(edit, saved)
      if (text === undefined) return { kind: 'aborted' }
      // An editor adds the line break that was missing.
      const unchanged = text === edit.text || text === `${edit.text}\n`
      saved = await saveDefinition(work, environment, { text: unchanged ? edit.text : text, base, change: 'edit' })
    } while (saved.kind === 'refused')
    return saved
  },
})

async function beginEdit(
  workspace: Workspace,
  reference: EnvironmentReference,
  showSecrets: boolean,
): Promise<DefinitionEdit> {
  const text = await definitionText(workspace, reference, showSecrets)
  if (text.trim() === '') return { text, valueJson: undefined, diagnostics: [] }
  const { environment, diagnostics } = await checkDefinition(workspace, reference.name, text)
  const properties = environment?.properties
  const valueJson =
    properties && formatJson(toPlainJson(rootValue(properties), { redact: false }), { indent: 2, sortKeys: true })
  return { text, valueJson, diagnostics }
}

export interface Replacement {
  readonly text: string
  /** The number of the revision that the text was made from. Default: whichever is the newest. */
  readonly revision?: number
  /** The text was made of opened values (`withSecretsEncrypted`). Default: no. */
  readonly handedBack?: boolean
}

/**
 * Replaces the whole definition, whatever it was, except that rotators which stay keep their
 * credentials unless it has others. A hand edit that says just the same is thereby saved. Throws
 * EscError `conflict` when `revision` is given, and it is not the newest any more.
 */
export const replaceDefinition = operation({
  name: 'replace-definition',
  level: 'write',
  audit: 'environment-updated',
  input: (z) =>
    z.strictObject({
      text: z.string().describe('the YAML text'),
      revision: z.int().min(1).optional().describe('the revision that it was made from'),
      handedBack: z
        .boolean()
        .optional()
        .describe(
          'the text was made of opened values: encrypt those that were secret, and keep providers and rotators',
        ),
    }),
  async run(work, { text, revision, handedBack = false }: Replacement): Promise<SaveResult> {
    const environment = work.store.environment(work.subject.name)
    const base = environment.current()
    if (revision !== undefined && revision !== base.number) {
      const message = `the definition was made from revision ${revision} of ${work.subject.name}, which is at revision ${base.number}`
      throw new EscError('conflict', message, { hint: 'read the newest definition, and make the change in that' })
    }
    const replace = (of: Revision) => replaceRevision(work, environment, { text, base: of, handedBack })
    // Without a condition the last one wins, also where another comes in between.
    return revision === undefined ? changeNewest(environment, [], replace) : replace(base)
  },
  outcome: saveOutcome,
})

async function replaceRevision(
  workspace: Workspace,
  environment: Environment,
  { text, base, handedBack }: { readonly text: string; readonly base: Revision; readonly handedBack: boolean },
): Promise<SaveResult> {
  const wanted = handedBack ? await withSecretsEncrypted(workspace, environment, { text, base }) : undefined
  const kept = withMissingStates(wanted?.text ?? text, base)
  const working = environment.workingDefinition()
  const savedEdit = working === text && environment.definitionState(base) === 'edited' ? { savedEdit: text } : {}
  const change = { text: kept.text, base, change: 'edit', ...savedEdit } as const
  const saved = await saveDefinition(workspace, environment, change)
  if (saved.kind === 'saved' && kept.kept.length > 0) {
    workspace.host.notify({ kind: 'states-kept', environment: environment.name, paths: kept.kept })
  }
  if (saved.kind === 'saved' && wanted !== undefined && wanted.encrypted.length + wanted.kept.length > 0) {
    const { encrypted, kept } = wanted
    workspace.host.notify({ kind: 'values-handed-back', environment: environment.name, encrypted, kept })
  }
  return saved
}
