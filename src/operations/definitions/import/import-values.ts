import type { Json } from '../../../json.ts'
import { escapeReferences } from '../../../language/index.ts'
import { decode, getAt, type PropertyPath, setAt } from '../../../yaml/index.ts'
import { makeEnvironment } from '../../environments/create-environment.ts'
import type { EnvironmentReference } from '../../references/reference.ts'
import { permit } from '../../session/permit.ts'
import type { Workspace } from '../../session/workspace.ts'
import { type SaveResult, saveDefinition } from '../save-definition.ts'
import { asDefinition, type ForeignFile, refuseKeys, type Tally } from './foreign-value.ts'

export interface ImportRequest {
  /** Where the values go, below `values`. Empty: beside the others. */
  readonly path: PropertyPath
  /** Encrypt every value, not just those that were secrets or may be. */
  readonly allSecret: boolean
  /** Make the environment when it is not there. */
  readonly create: boolean
}

export interface ImportedValues {
  readonly saved: SaveResult
  /** Paths below `values`. */
  readonly secrets: readonly string[]
  readonly plain: readonly string[]
  readonly imports: readonly string[]
  readonly warnings: readonly string[]
}

/**
 * Puts what another program's file holds into an environment, and saves it as a revision. What is
 * there under the same names is replaced; everything else stays.
 */
export async function importValues(
  workspace: Workspace,
  reference: EnvironmentReference,
  { file, path, allSecret, create }: ImportRequest & { readonly file: ForeignFile },
): Promise<ImportedValues> {
  const { store } = workspace
  await permit(workspace, reference.name, 'write', 'environment-updated')
  if (!create) store.environment(reference.name)
  const tally: Tally = { secrets: [], plain: [], keptTexts: [] }
  const values: { readonly path: PropertyPath; readonly value: Json }[] = []
  refuseKeys(file.entries, path)
  for (const { key, value } of file.entries) {
    const whole = { kind: 'object', entries: [{ key, value }] } as const
    const definition = (await asDefinition(whole, path, { allSecret, tally })) as Record<string, Json>
    const written = escapeReferences(key)
    values.push({ path: [...path, written], value: definition[written] as Json })
  }
  const environment = create && !store.has(reference.name) ? undefined : store.environment(reference.name)
  const base = environment?.current()
  let text = base?.definition ?? ''
  const { imports, warnings } = knownImports(workspace, file, text)
  for (const name of imports) {
    const list = getAt(decode(reference.name, text).node, ['imports'])
    text = setAt(text, ['imports', list?.kind === 'array' ? list.elements.length : 0], name)
  }
  for (const { path: each, value } of values) text = setAt(text, ['values', ...each], value)
  const saved =
    environment === undefined || base === undefined
      ? await saveNew(workspace, reference, text)
      : await saveDefinition(workspace, environment, { text, base, change: 'import' })
  const { secrets, plain, keptTexts } = tally
  const kept = keptTexts.map(
    (each) => `${each} is written as a number that would be printed otherwise: it is kept as a text, in quotes`,
  )
  return { saved, secrets, plain, imports, warnings: [...warnings, ...kept] }
}

/** The environment comes to be with its values, or not at all. */
async function saveNew(workspace: Workspace, reference: EnvironmentReference, definition: string): Promise<SaveResult> {
  await permit(workspace, reference.name, 'write', 'environment-created')
  const created = await makeEnvironment(workspace, reference.name, { definition, change: 'import', wholeOnly: true })
  const { diagnostics, exists, revision } = created
  if (!exists) return { kind: 'refused', revision: undefined, diagnostics }
  return { kind: revision === undefined ? 'unchanged' : 'saved', revision: revision ?? 1, diagnostics }
}

/**
 * The environments a file builds on, as far as the store has them and the definition
 * does not import them yet.
 */
function knownImports(
  workspace: Workspace,
  { imports = [], warnings = [] }: ForeignFile,
  definition: string,
): { readonly imports: readonly string[]; readonly warnings: readonly string[] } {
  const list = getAt(decode('', definition).node, ['imports'])
  const there = new Set(
    list?.kind === 'array' ? list.elements.map((node) => (node.kind === 'string' ? node.value : '')) : [],
  )
  const isKnown = (name: string) => {
    try {
      return workspace.store.has(workspace.reference(name).name)
    } catch {
      return false
    }
  }
  const unknown = imports.filter((name) => !isKnown(name))
  return {
    imports: imports.filter((name) => isKnown(name) && !there.has(name)),
    warnings: [
      ...warnings,
      ...unknown.map((name) => `it builds on the environment '${name}', which is not in this store: not imported`),
    ],
  }
}
