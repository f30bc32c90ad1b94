import { listRotators, parseEnvironment } from '../language/index.ts'
import { decode, type Node } from '../syntax/index.ts'
import { belowValues } from './rotator-state.ts'

/** What everybody knows who could ever open an environment. Paths are below `values`. */
export interface ExposedSecrets {
  /** Credentials that can be rotated. */
  readonly rotators: readonly { readonly path: string; readonly rotator: string }[]
  /** Secrets that somebody put in: they can only be changed where they come from. */
  readonly secrets: readonly string[]
}

/** The secrets that a definition holds itself; those of its imports belong to the environments that are imported. */
export function exposedSecrets(name: string, definition: string): ExposedSecrets {
  const { environment } = parseEnvironment(name, definition)
  const calls = environment === undefined ? [] : listRotators(environment)
  const states = new Set(calls.map(({ statePath }) => statePath))
  const secrets: string[] = []
  const visit = (node: Node): void => {
    if (states.has(node.path)) return
    if (node.kind === 'array') for (const element of node.elements) visit(element)
    if (node.kind !== 'object') return
    for (const { key, value } of node.entries) {
      if (key.value === 'fn::secret') secrets.push(belowValues(node.path))
      else visit(value)
    }
  }
  const { node } = decode(name, definition)
  if (node !== undefined) visit(node)
  const rotators = calls.map(({ path, provider = '' }) => ({ path: belowValues(path), rotator: provider }))
  return { rotators, secrets }
}
