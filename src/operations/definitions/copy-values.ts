import { EscError } from '../../errors.ts'
import { decryptDefinition } from '../../language/index.ts'
import { again, rich, step } from '../../rich-text.ts'
import type { Environment, Revision } from '../../store/index.ts'
import { nearest } from '../../suggestion.ts'
import {
  type Diagnostic,
  decode,
  formatPropertyPath,
  fragmentOf,
  getAt,
  type Node,
  type PropertyPath,
  setAllAt,
  setAt,
} from '../../yaml/index.ts'
import { configPathInDefinition } from '../configuration/config-path.ts'
import { definitionText } from '../opening/get-environment.ts'
import {
  isAtOrBelow,
  type MergeSide,
  type MergeStep,
  mergeSide,
  mergeSteps,
  shownBelowValues,
} from '../opening/merge-values.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { dropRotatorState, lostCredentials } from '../rotating/rotator-state.ts'
import { operation } from '../session/operation.ts'
import type { Workspace } from '../session/workspace.ts'
import { importCount, type ListedImport, listedImports } from './import-list.ts'
import { checkDefinition, saveDefinition } from './save-definition.ts'

export interface CopyRequest {
  readonly from: EnvironmentReference
  /** Below `values`. Empty: every value, and the imports. */
  readonly path: PropertyPath
  /**
   * The word that `path` was read from. Where the source has such a key of its configuration, that
   * is meant.
   */
  readonly configKey?: string
  /** Only say what would be done. */
  readonly plan: boolean
}

/** Paths of values are below `values`. */
export interface CopiedValues {
  /** `planned`: nothing was written. `refused`: the definition would have errors. */
  readonly kind: 'saved' | 'unchanged' | 'refused' | 'planned'
  /** The newest revision of the destination now. */
  readonly revision: number
  readonly diagnostics: readonly Diagnostic[]
  /** Values that were asked for and are now in the destination as in the source. */
  readonly paths: readonly string[]
  /** Paths that the destination did not have. */
  readonly added: readonly string[]
  /** Paths whose value in the destination was replaced. */
  readonly replaced: readonly string[]
  /**
   * Paths that were not copied, because the destination has rotated credentials there that would be
   * lost.
   */
  readonly notCopied: readonly string[]
  /**
   * Rotators of the destination that keep their credentials, although the source has a
   * rotator of that name too.
   */
  readonly keptCredentials: readonly string[]
  /** Imports that the destination did not have. */
  readonly imports: readonly string[]
  /** Rotators that were copied without the credentials of the source. */
  readonly dropped: readonly string[]
}

/**
 * Copies values from one environment into another, key by key: what only the destination has stays,
 * comments too, and so do its rotated credentials. Secrets are decrypted with the key of the one
 * and encrypted with that of the other. Throws EscError `usage` when the two are the same;
 * `not_found`; and as `saveDefinition` does.
 */
export const copyValues = operation({
  name: 'copy-values',
  level: 'write',
  audit: ({ plan }: CopyRequest) => (plan ? 'environment-update-planned' : 'environment-updated'),
  input: (z) => z.strictObject({ from: z.environment(), path: z.path(), plan: z.boolean().default(false) }),
  own: ['configKey'],
  run: (work, request: CopyRequest) => copied(work, work.subject, request),
  outcome: ({ kind }: CopiedValues) => (kind === 'refused' ? { failed: 'invalid_definition' } : {}),
})

async function copied(
  workspace: Workspace,
  to: EnvironmentReference,
  { from, path: typedPath, configKey, plan }: CopyRequest,
): Promise<CopiedValues> {
  if (from.name === to.name) {
    throw new EscError('usage', 'current environment and destination environment are the same', {
      hint: rich`name another environment with ${again('destination')}`,
    })
  }
  const { store } = workspace
  store.environment(from.name)
  const destination = store.environment(to.name)
  const base = destination.current()
  const copy = dropRotatorState(from.name, await definitionText(workspace, from, true))
  const source = mergeSide(from.name, copy.text)
  const path = meantPath(source.root, typedPath, configKey)
  const present = mergeSide(to.name, await decrypted(destination, base))
  const paths = path.length > 0 ? [path] : keysOf(getAt(source.root, ['values'])).map((key) => [key])
  for (const each of paths) {
    if (getAt(source.root, ['values', ...each]) === undefined) throw missing(from, each, getAt(source.root, ['values']))
  }
  const steps = paths.flatMap((each) => mergeSteps(['values', ...each], source, present))
  const imports = path.length === 0 ? missingImports(source.root, present.root) : []
  let text = base.definition
  for (const { node } of imports) {
    const length = importCount(decode(to.name, text).node)
    text = setAt(text, ['imports', length], fragmentOf(copy.text, node))
  }
  const written = steps.filter(({ action }) => action !== 'keep')
  text = setAllAt(
    text,
    written.map(({ path: at, value }) => ({ path: at, value: fragmentOf(copy.text, value) })),
  )
  refuseLoss(to.name, base, text)

  const done = {
    ...whatBecame(steps, paths, { source, present }, copy.dropped),
    imports: imports.map(({ name }) => name),
  }
  if (plan) {
    const { diagnostics } = await checkDefinition(workspace, to.name, text)
    return { kind: 'planned', revision: base.number, diagnostics, ...done }
  }
  const saved = await saveDefinition(workspace, destination, { text, base, change: 'copy' })
  return { ...saved, revision: saved.revision ?? base.number, ...done }
}

/**
 * Returns the path below `values` that a word means: a key of the configuration, else a value.
 * @throws EscError `usage` when there are both.
 */
function meantPath(root: Node | undefined, path: PropertyPath, configKey: string | undefined): PropertyPath {
  if (configKey === undefined) return path
  const ofConfiguration = configPathInDefinition([configKey])
  if (getAt(root, ['values', ...ofConfiguration]) === undefined) return path
  if (getAt(root, ['values', ...path]) === undefined) return ofConfiguration
  throw new EscError('usage', `'${configKey}' is a key of the configuration, and there is such a value too`, {
    hint: `name ${formatPropertyPath(ofConfiguration)}, or the value as ["${configKey}"]`,
  })
}

/** Sorts the steps of a copy by kind. `dropped` names rotators of the source with credentials. */
function whatBecame(
  steps: readonly MergeStep[],
  paths: readonly PropertyPath[],
  { source, present }: { readonly source: MergeSide; readonly present: MergeSide },
  dropped: readonly string[],
) {
  const of = (action: MergeStep['action']) =>
    steps.filter((each) => each.action === action).map(({ path }) => shownBelowValues(path))
  const names = paths.map(formatPropertyPath)
  const notCopied = of('keep')
  const known = new Set(source.rotators.map(({ path }) => shownBelowValues(path)))
  const inScope = (at: PropertyPath) =>
    paths.some((each) => isAtOrBelow(at, ['values', ...each]) || isAtOrBelow(['values', ...each], at))
  const keptCredentials = present.rotators
    .filter(({ rotated, path }) => rotated && inScope(path))
    .map(({ path }) => shownBelowValues(path))
    .filter((name) => known.has(name) && !notCopied.some((at) => isAt(name, at)))
  return {
    paths: names.filter((name) => !notCopied.includes(name)),
    added: of('add'),
    replaced: of('replace'),
    notCopied,
    keptCredentials,
    dropped: dropped.filter(
      (rotator) =>
        names.some((name) => isAt(rotator, name)) &&
        ![...keptCredentials, ...notCopied].some((at) => isAt(rotator, at)),
    ),
  }
}

/** The newest definition with its secrets in the clear, to compare it with. */
async function decrypted(environment: Environment, base: Revision): Promise<string> {
  if (environment.settings.wrappedDataKey === undefined) return base.definition
  const key = await environment.unlock(base)
  return decryptDefinition(environment.name, base.definition, (ciphertext) => key.decrypt(ciphertext))
}

/** A second look, before anything is written, at what must never happen. */
function refuseLoss(name: string, base: Revision, text: string): void {
  const lost = lostCredentials(name, base.definition, text)
  if (lost.length === 0) return
  throw new EscError('conflict', `${lost.join(', ')} of '${name}' would lose the rotated credentials`, {
    hint: 'copy the other values one by one',
  })
}

function keysOf(node: Node | undefined): string[] {
  return node?.kind === 'object' ? node.entries.map(({ key }) => key.value) : []
}

function missingImports(from: Node | undefined, to: Node | undefined): ListedImport[] {
  const there = new Set(listedImports(to).map(({ name }) => name))
  return listedImports(from).filter(({ name }) => !there.has(name))
}

function missing(from: EnvironmentReference, path: PropertyPath, values: Node | undefined): EscError {
  const wanted = formatPropertyPath(path)
  const similar = nearest(wanted, keysOf(values))
  return new EscError('not_found', `there is no '${wanted}' in environment '${from.name}'`, {
    hint:
      similar === undefined
        ? rich`${step('look at what there is', { do: 'show-environment', environment: from.name })}`
        : `did you mean '${similar}'?`,
  })
}

function isAt(path: string, above: string): boolean {
  return path === above || path.startsWith(`${above}.`) || path.startsWith(`${above}[`)
}
