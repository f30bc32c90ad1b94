import { documentPath, joinPath, type PropertyPath, type Range } from '../yaml/index.ts'
import { type EnvironmentDeclaration, expressionsOf } from './environment.ts'
import type { CallOf, Expression } from './expression.ts'
import type { PropertyAccess } from './property-access.ts'

export interface ListedRotator {
  /** Document path of the call, such as `values.aws["login-1"]`. */
  readonly path: string
  /** `undefined` when the name is missing or no string literal. */
  readonly provider: string | undefined
  /** Document path of its state, whether or not there is one yet. */
  readonly statePath: string
}

/** All that the text of an environment calls and names. Found in one walk, and once. */
interface Mentions {
  /** `fn::open` and `fn::rotate`, in document order, wherever they stand. */
  readonly calls: readonly CallOf<'open' | 'rotate'>[]
  readonly rotators: readonly ListedRotator[]
  readonly references: readonly ListedReference[]
  readonly hasCiphertext: boolean
}

const mentions = new WeakMap<EnvironmentDeclaration, Mentions>()

function mentionsIn(environment: EnvironmentDeclaration): Mentions {
  let found = mentions.get(environment)
  if (found === undefined) {
    found = findMentions(environment)
    mentions.set(environment, found)
  }
  return found
}

function findMentions(environment: EnvironmentDeclaration): Mentions {
  const calls: CallOf<'open' | 'rotate'>[] = []
  const references: ListedReference[] = []
  let hasCiphertext = false
  for (const { name } of environment.imports ?? [])
    if (name) references.push({ name: name.value, kind: 'import', range: name.range, path: name.path })
  for (const expression of expressionsOf(environment)) {
    if (expression.kind === 'call') {
      if (expression.name === 'open' || expression.name === 'rotate') calls.push(expression)
      else if (expression.name === 'secret') hasCiphertext ||= expression.ciphertext !== undefined
    } else if (expression.kind === 'symbol') addReference(expression, expression.access, references)
    else if (expression.kind === 'interpolation')
      for (const { access } of expression.parts) if (access) addReference(expression, access, references)
  }
  const rotators = calls.filter(({ name }) => name === 'rotate').map(listedRotator)
  return { calls, rotators, references, hasCiphertext }
}

function listedRotator({ node, provider, key }: CallOf<'open' | 'rotate'>): ListedRotator {
  const path = node?.path ?? ''
  return { path, provider: provider?.value, statePath: `${joinPath(path, key)}.state` }
}

/** Every `fn::rotate` call in the text, in document order, wherever it stands. */
export function listRotators(environment: EnvironmentDeclaration): readonly ListedRotator[] {
  return mentionsIn(environment).rotators
}

export interface ListedProvider {
  /** Document path of the call. */
  readonly path: string
  /** `undefined` when the name is missing or no string literal. */
  readonly provider: string | undefined
}

/** Every `fn::open` call in the text, in document order, wherever it stands. */
export function listProviders(environment: EnvironmentDeclaration): readonly ListedProvider[] {
  const calls = listCalls(environment).filter(({ name }) => name === 'open')
  return calls.map(({ node, provider }) => ({ path: node?.path ?? '', provider: provider?.value }))
}

/** Every `fn::open` and `fn::rotate` call in the text, in document order, wherever it stands. */
export function listCalls(environment: EnvironmentDeclaration): readonly CallOf<'open' | 'rotate'>[] {
  return mentionsIn(environment).calls
}

/** True when there is a `fn::secret` in the text that is encrypted. */
export function hasCiphertext(environment: EnvironmentDeclaration): boolean {
  return mentionsIn(environment).hasCiphertext
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
  return mentionsIn(environment).references
}

function addReference({ node }: Expression, access: PropertyAccess, references: ListedReference[]): void {
  const name = inlineEnvironment(access)
  if (name !== undefined) references.push({ name, kind: 'inline', range: node?.range, path: node?.path ?? '' })
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
