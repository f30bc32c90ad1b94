import { documentPath, joinPath, type PropertyPath, type Range } from '../yaml/index.ts'
import { type EnvironmentDeclaration, expressionsOf } from './environment.ts'
import type { Expression } from './expression.ts'
import type { PropertyAccess } from './property-access.ts'

export interface ListedRotator {
  /** Document path of the call, such as `values.aws["login-1"]`. */
  readonly path: string
  /** `undefined` when the name is missing or no string literal. */
  readonly provider: string | undefined
  /** Document path of its state, whether or not there is one yet. */
  readonly statePath: string
}

/** Every `fn::rotate` call in the text, in document order, wherever it stands. */
export function listRotators(environment: EnvironmentDeclaration): readonly ListedRotator[] {
  const calls: ListedRotator[] = []
  for (const expression of expressionsOf(environment)) {
    if (expression.kind !== 'call' || expression.name !== 'rotate') continue
    const path = expression.node?.path ?? ''
    calls.push({ path, provider: expression.provider?.value, statePath: `${joinPath(path, expression.key)}.state` })
  }
  return calls
}

export interface ListedProvider {
  /** Document path of the call. */
  readonly path: string
  /** `undefined` when the name is missing or no string literal. */
  readonly provider: string | undefined
}

/** Every `fn::open` call in the text, in document order, wherever it stands. */
export function listProviders(environment: EnvironmentDeclaration): readonly ListedProvider[] {
  const calls: ListedProvider[] = []
  for (const expression of expressionsOf(environment)) {
    if (expression.kind !== 'call' || expression.name !== 'open') continue
    calls.push({ path: expression.node?.path ?? '', provider: expression.provider?.value })
  }
  return calls
}

/** The document path of a value under `values`: what a rotation filter is compared with. */
export function valuePath(path: PropertyPath): string {
  return documentPath(path, 'values')
}

/** The paths, relative to `values`, at which no `fn::rotate` call stands. */
export function unmatchedRotatePaths(
  environment: EnvironmentDeclaration,
  paths: readonly PropertyPath[],
): readonly PropertyPath[] {
  const known = new Set(listRotators(environment).map((call) => call.path))
  return paths.filter((path) => !known.has(valuePath(path)))
}

export interface ListedReference {
  /**
   * As written in `imports`, or `project/environment` of a `${environments.project.environment…}`.
   */
  readonly name: string
  readonly kind: 'import' | 'inline'
  /** The range of the import's name, or of the string that holds the reference. */
  readonly range: Range | undefined
  /** Document path of the same. */
  readonly path: string
}

/**
 * Every environment the text names: imports first, then `environments.…`
 * references in document order.
 */
export function listReferences(environment: EnvironmentDeclaration): readonly ListedReference[] {
  const references: ListedReference[] = []
  for (const { name } of environment.imports ?? [])
    if (name) references.push({ name: name.value, kind: 'import', range: name.range, path: name.path })
  for (const expression of expressionsOf(environment))
    for (const access of accessesOf(expression)) {
      const name = inlineEnvironment(access)
      const node = expression.node
      if (name !== undefined) references.push({ name, kind: 'inline', range: node?.range, path: node?.path ?? '' })
    }
  return references
}

function accessesOf(expression: Expression): readonly PropertyAccess[] {
  if (expression.kind === 'symbol') return [expression.access]
  if (expression.kind !== 'interpolation') return []
  return expression.parts.flatMap((part) => part.access ?? [])
}

/**
 * The environment that `${environments.P.E…}` names. Undefined: the access is about
 * something else, or incomplete.
 */
export function inlineEnvironment(access: PropertyAccess): string | undefined {
  const [first, project, name] = access.accessors
  if (first?.key !== 'environments' || typeof project?.key !== 'string' || typeof name?.key !== 'string')
    return undefined
  return `${project.key}/${name.key}`
}
