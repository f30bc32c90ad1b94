import { formatJson } from '../../json.ts'
import type { Environment, Revision } from '../../store/index.ts'
import type { Diagnostic } from '../../yaml/index.ts'
import { definitionText } from '../opening/get-environment.ts'
import { rootValue, toPlainJson } from '../opening/value-format.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { withMissingStates } from '../revisions/rollback.ts'
import { permit } from '../session/permit.ts'
import type { Workspace } from '../session/workspace.ts'
import { checkDefinition, type SaveResult, saveDefinition } from './save-definition.ts'

/** A definition while somebody edits it. */
export interface DefinitionEdit {
  readonly environment: Environment
  /** The revision the edit is made from: saving it is a conflict when another came first. */
  readonly base: Revision
  /** What there is to edit; its secrets are in the clear when asked for. */
  readonly text: string
  /** What the definition comes to, as JSON; undefined when it is empty or broken. */
  readonly valueJson: string | undefined
  readonly diagnostics: readonly Diagnostic[]
}

export async function beginEdit(
  workspace: Workspace,
  reference: EnvironmentReference,
  { showSecrets }: { readonly showSecrets: boolean },
): Promise<DefinitionEdit> {
  await permit(workspace, reference.name, 'write', 'environment-updated')
  const environment = workspace.store.environment(reference.name)
  const base = environment.current()
  const text = await definitionText(workspace, { ...reference, version: String(base.number) }, showSecrets)
  if (text.trim() === '') return { environment, base, text, valueJson: undefined, diagnostics: [] }
  const checked = await checkDefinition(workspace, environment.name, text)
  const properties = checked.environment?.properties
  const valueJson =
    properties && formatJson(toPlainJson(rootValue(properties), { redact: false }), { indent: 2, sortKeys: true })
  return { environment, base, text, valueJson, diagnostics: checked.diagnostics }
}

/** Saves what the edit came to. */
export async function finishEdit(workspace: Workspace, edit: DefinitionEdit, text: string): Promise<SaveResult> {
  const { environment, base } = edit
  // An editor adds the line break that was missing.
  const unchanged = text === edit.text || text === `${edit.text}\n`
  return saveDefinition(workspace, environment, { text: unchanged ? edit.text : text, base, change: 'edit' })
}

/**
 * Replaces the whole definition, whatever it was, except that rotators which stay keep their
 * credentials unless it has others. A hand edit that says just the same is thereby saved.
 */
export async function replaceDefinition(
  workspace: Workspace,
  reference: EnvironmentReference,
  text: string,
): Promise<SaveResult> {
  await permit(workspace, reference.name, 'write', 'environment-updated')
  const environment = workspace.store.environment(reference.name)
  const base = environment.current()
  const kept = withMissingStates(text, base)
  const working = environment.workingDefinition()
  const savedEdit = working === text && environment.definitionState(base) === 'edited' ? { savedEdit: text } : {}
  const change = { text: kept.text, base, change: 'edit', ...savedEdit } as const
  const saved = await saveDefinition(workspace, environment, change)
  if (saved.kind === 'saved' && kept.kept.length > 0) {
    workspace.options.notify(
      `note: ${kept.kept.join(', ')} kept the rotated credentials. To drop them, delete the state in an editor.`,
    )
  }
  return saved
}
