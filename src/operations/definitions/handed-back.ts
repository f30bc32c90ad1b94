import type { ExportedValue } from '../../evaluate/index.ts'
import { formatJson, type Json } from '../../json.ts'
import type { Revision } from '../../store/index.ts'
import {
  decode,
  formatPropertyPath,
  fragmentOf,
  getAt,
  type Node,
  type PropertyPath,
  plainData,
  setAllAt,
} from '../../yaml/index.ts'
import type { Workspace } from '../session/workspace.ts'
import { checkDefinition } from './save-definition.ts'

/**
 * A definition made of opened values, in which nothing says which of them are secret: what is a
 * secret in `base`, or is not known before something is opened, is encrypted. Where `base` opens a
 * provider or rotates, it does so again. `encrypted`, `kept`: the paths of both, below `values`.
 */
export async function withSecretsEncrypted(
  workspace: Workspace,
  name: string,
  { text, base }: { readonly text: string; readonly base: Revision },
): Promise<{ readonly text: string; readonly encrypted: readonly string[]; readonly kept: readonly string[] }> {
  const values = getAt(decode(name, text).node, ['values'])
  const { environment } = await checkDefinition(workspace, name, base.definition, { onlyToLook: true })
  const before = getAt(decode(name, base.definition).node, ['values'])
  const changes: { path: PropertyPath; value: Parameters<typeof setAllAt>[1][number]['value'] }[] = []
  const encrypted: string[] = []
  const kept: string[] = []

  const visit = (node: Node, path: PropertyPath, value: ExportedValue | undefined, old: Node | undefined): void => {
    if (callOf(node) !== undefined || node.kind === 'null') return
    if (/^fn::(?:open|rotate)\b/.test(callOf(old) ?? '')) {
      changes.push({ path, value: fragmentOf(base.definition, old as Node) })
      kept.push(formatPropertyPath(path.slice(1)))
    } else if (value?.secret || value?.unknown) {
      if (!isPlain(node)) return
      changes.push({ path, value: secretOf(plainData(fragmentOf(text, node))) })
      encrypted.push(formatPropertyPath(path.slice(1)))
    } else {
      for (const [key, member] of membersOf(node))
        visit(member, [...path, key], memberOf(value, key), old && getAt(old, [key]))
    }
  }
  for (const [key, member] of values === undefined ? [] : membersOf(values))
    visit(member, ['values', key], environment?.properties?.[key as string], before && getAt(before, [key]))
  return { text: setAllAt(text, changes), encrypted, kept }
}

/** Only texts can be secrets as they are. */
function secretOf(data: Json): Json {
  return typeof data === 'string' ? { 'fn::secret': data } : { 'fn::fromJSON': { 'fn::secret': formatJson(data) } }
}

/** The name of the builtin that a node calls. */
function callOf(node: Node | undefined): string | undefined {
  if (node?.kind !== 'object') return undefined
  return node.entries.find(({ key }) => key.value.startsWith('fn::'))?.key.value
}

/** True when nothing in it is computed. */
function isPlain(node: Node): boolean {
  if (node.kind === 'string') return !/(?<!\$)(?:\$\$)*\$\{/.test(node.value)
  return callOf(node) === undefined && membersOf(node).every(([, member]) => isPlain(member))
}

function membersOf(node: Node): (readonly [string | number, Node])[] {
  if (node.kind === 'array') return node.elements.map((element, index) => [index, element])
  return node.kind === 'object' ? node.entries.map(({ key, value }) => [key.value, value]) : []
}

function memberOf(of: ExportedValue | undefined, key: string | number): ExportedValue | undefined {
  const value = of?.value
  if (Array.isArray(value)) return typeof key === 'number' ? value[key] : undefined
  return typeof value === 'object' && typeof key === 'string' && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, ExportedValue>>)[key]
    : undefined
}
