import { EscError } from '../errors.ts'
import { nearest } from '../suggestion.ts'
import {
  decode,
  formatPropertyPath,
  getAt,
  type Node,
  type PropertyPath,
  readYamlFragment,
  setAt,
} from '../syntax/index.ts'
import { definitionText } from './get-environment.ts'
import { permit } from './permit.ts'
import type { EnvironmentReference } from './reference.ts'
import { dropRotatorState } from './rotator-state.ts'
import { type SaveResult, saveDefinition } from './save-definition.ts'
import type { Workspace } from './workspace.ts'

export interface CopyRequest {
  readonly from: EnvironmentReference
  readonly to: EnvironmentReference
  /** Below `values`. Empty: every value, and the imports. */
  readonly path: PropertyPath
}

export interface CopiedValues {
  readonly saved: SaveResult
  /** Paths of the values that were copied, below `values`. */
  readonly paths: readonly string[]
  /** Imports that the destination did not have. */
  readonly imports: readonly string[]
  /** Rotators that were copied without their credentials. */
  readonly dropped: readonly string[]
}

/**
 * Copies values from one environment into another: what is there under the same names is replaced, everything else stays, comments
 * too. Secrets are decrypted with the key of the one and encrypted with that of the other.
 *
 * @throws EscError `usage` when the two are the same; `not_found`; and as `saveDefinition` does.
 */
export async function copyValues(workspace: Workspace, { from, to, path }: CopyRequest): Promise<CopiedValues> {
  if (from.name === to.name) {
    throw new EscError('usage', 'current environment and destination environment are the same', {
      hint: 'name another environment with --dest',
    })
  }
  const { store } = workspace
  store.environment(from.name)
  await permit(workspace, to.name, 'write', 'environment-updated')
  const destination = store.environment(to.name)
  const base = destination.current()
  const source = dropRotatorState(from.name, await definitionText(workspace, from, true))
  const { node } = decode(from.name, source.text)
  const paths = path.length > 0 ? [path] : keysOf(getAt(node, ['values'])).map((key) => [key])
  let text = base.definition
  const imports: string[] = []
  if (path.length === 0) {
    for (const item of missingImports(node, decode(to.name, text).node)) {
      const length = lengthOf(getAt(decode(to.name, text).node, ['imports']))
      text = setAt(text, ['imports', length], fragmentOf(source.text, item.node))
      imports.push(item.name)
    }
  }
  for (const each of paths) {
    const value = getAt(node, ['values', ...each])
    if (value === undefined) throw missing(from, each, getAt(node, ['values']))
    text = setAt(text, ['values', ...each], fragmentOf(source.text, value))
  }
  const saved = await saveDefinition(workspace, destination, { text, base, change: 'copy' })
  const names = paths.map(formatPropertyPath)
  const dropped = source.dropped.filter((rotator) => names.some((name) => isAt(rotator, name)))
  return { saved, paths: names, imports, dropped }
}

function keysOf(node: Node | undefined): string[] {
  return node?.kind === 'object' ? node.entries.map(({ key }) => key.value) : []
}

function lengthOf(node: Node | undefined): number {
  return node?.kind === 'array' ? node.elements.length : 0
}

interface Import {
  readonly name: string
  readonly node: Node
}

function missingImports(from: Node | undefined, to: Node | undefined): Import[] {
  const there = new Set(importsOf(to).map(({ name }) => name))
  return importsOf(from).filter(({ name }) => !there.has(name))
}

function importsOf(root: Node | undefined): Import[] {
  const list = getAt(root, ['imports'])
  if (list?.kind !== 'array') return []
  return list.elements.flatMap((node): Import[] => {
    if (node.kind === 'string') return [{ name: node.value, node }]
    const [name] = keysOf(node)
    return name === undefined ? [] : [{ name, node }]
  })
}

/** A value in the style it has in its text. */
export function fragmentOf(text: string, { span }: Node) {
  // What stands nowhere is a null.
  if (span === undefined) return null
  // Its further lines are indented, so the first must be as deep.
  const column = span.start - (text.lastIndexOf('\n', span.start - 1) + 1)
  return readYamlFragment(' '.repeat(column) + text.slice(span.start, span.end))
}

function missing(from: EnvironmentReference, path: PropertyPath, values: Node | undefined): EscError {
  const wanted = formatPropertyPath(path)
  const similar = nearest(wanted, keysOf(values))
  return new EscError('not_found', `there is no '${wanted}' in environment '${from.name}'`, {
    hint: similar === undefined ? `"esc env get ${from.name}" shows what there is` : `did you mean '${similar}'?`,
  })
}

function isAt(path: string, above: string): boolean {
  return path === above || path.startsWith(`${above}.`) || path.startsWith(`${above}[`)
}
