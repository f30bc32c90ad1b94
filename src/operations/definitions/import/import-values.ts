import type { Json } from '../../../json.ts'
import { escapeReferences } from '../../../language/index.ts'
import type { Revision } from '../../../store/index.ts'
import { decode, formatPropertyPath, getAt, type PropertyPath, setAt } from '../../../yaml/index.ts'
import { createEnvironment } from '../../environments/create-environment.ts'
import type { EnvironmentReference } from '../../references/reference.ts'
import { operation, type Work } from '../../session/operation.ts'
import type { Workspace } from '../../session/workspace.ts'
import { diagnoseChange, type SaveResult, saveDefinition, saveOutcome } from '../save-definition.ts'
import { asDefinition, type ForeignFile, refuseKeys, type Tally } from './foreign-value.ts'

export interface ImportRequest {
  readonly file: ForeignFile
  /** The place where the values go, below `values`. Empty: beside the others. */
  readonly path: PropertyPath
  /** Encrypt every value, not just those that were secrets or may be. */
  readonly allSecret: boolean
  /** Make the environment when it is not there. */
  readonly create: boolean
  /** Says what would be done, and does nothing. Default: false. */
  readonly plan?: boolean
}

export interface ImportedValues {
  readonly saved: SaveResult
  /** Paths below `values`. */
  readonly secrets: readonly string[]
  readonly plain: readonly string[]
  /** Paths below `values` that the definition had before: they are replaced. */
  readonly replaced: readonly string[]
  /** True when nothing was saved, because only a plan was asked for. */
  readonly planned: boolean
  readonly imports: readonly string[]
  readonly warnings: readonly string[]
}

/**
 * Puts what another program's file holds into an environment, and saves it as a revision. What is
 * there under the same names is replaced; everything else stays. With `create`, the environment and
 * its values come to be together, or not at all.
 */
export const importValues = operation({
  name: 'import-values',
  level: 'write',
  audit: ({ plan }: ImportRequest) => (plan ? 'environment-update-planned' : 'environment-updated'),
  run: imported,
  outcome: ({ saved }: ImportedValues) => saveOutcome(saved),
})

async function imported(
  work: Work<EnvironmentReference>,
  { file, path, allSecret, create, plan = false }: ImportRequest,
): Promise<ImportedValues> {
  const { store, subject: reference } = work
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
  const { imports, warnings } = knownImports(work, file, text)
  for (const name of imports) {
    const list = getAt(decode(reference.name, text).node, ['imports'])
    text = setAt(text, ['imports', list?.kind === 'array' ? list.elements.length : 0], name)
  }
  const { node } = decode(reference.name, text)
  const replaced = values.map((each) => each.path).filter((each) => getAt(node, ['values', ...each]) !== undefined)
  for (const { path: each, value } of values) text = setAt(text, ['values', ...each], value)
  const saved: SaveResult = plan
    ? await planned(work, text, base)
    : environment === undefined || base === undefined
      ? await saveNew(work, text)
      : await saveDefinition(work, environment, { text, base, change: 'import' })
  const { secrets, plain, keptTexts } = tally
  const kept = keptTexts.map(
    (each) => `${each} is written as a number that would be printed otherwise: it is kept as a text, in quotes`,
  )
  const paths = replaced.map((each) => formatPropertyPath(each))
  return { saved, secrets, plain, replaced: paths, planned: plan, imports, warnings: [...warnings, ...kept] }
}

/** Checks what would be saved, so that a plan that cannot be carried out is refused too. */
async function planned(
  work: Work<EnvironmentReference>,
  text: string,
  base: Revision | undefined,
): Promise<SaveResult> {
  const before = base?.definition ?? ''
  const changed = { text, before, change: 'import' } as const
  const diagnostics = text === before ? [] : await diagnoseChange(work, work.subject.name, changed)
  const refused = diagnostics.some(({ severity }) => severity === 'error')
  return refused
    ? { kind: 'refused', revision: undefined, diagnostics }
    : { kind: 'unchanged', revision: base?.number ?? 0, diagnostics }
}

async function saveNew(work: Work<EnvironmentReference>, definition: string): Promise<SaveResult> {
  const first = { definition, change: 'import', wholeOnly: true } as const
  const { diagnostics, exists, revision } = await work.perform(createEnvironment, work.subject, first)
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
