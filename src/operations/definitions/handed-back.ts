import type { ExportedValue } from '../../evaluate/index.ts'
import { formatJson, type Json } from '../../json.ts'
import type { Environment, Revision } from '../../store/index.ts'
import {
  type Assignment,
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
import { checkDefinition, knownSecrets } from './save-definition.ts'

/** A text that contains a shorter secret by chance is common. */
const leastPart = 8

/**
 * A definition made of opened values, in which nothing says which of them are secret. Encrypted is
 * what is a secret in `base` or is not known before something is opened, and every text that is or
 * contains a secret of `base`, wherever it stands now. Where `base` opens a provider or rotates, it
 * does so again. `encrypted`, `kept`: the paths of both, below `values`.
 */
export async function withSecretsEncrypted(
  workspace: Workspace,
  environment: Environment,
  { text, base }: { readonly text: string; readonly base: Revision },
): Promise<{ readonly text: string; readonly encrypted: readonly string[]; readonly kept: readonly string[] }> {
  const { name } = environment
  const { environment: evaluated } = await checkDefinition(workspace, name, base.definition, { onlyToLook: true })
  const isSecret = await secretTest(environment, base)
  const changes: Assignment[] = []
  const encrypted: string[] = []
  const kept: string[] = []

  const visit = (node: Node, path: PropertyPath, value: ExportedValue | undefined, old: Node | undefined): void => {
    if (callOf(node) !== undefined || node.kind === 'null') return
    if (/^fn::(?:open|rotate)\b/.test(callOf(old) ?? '')) {
      changes.push({ path, value: fragmentOf(base.definition, old as Node) })
      kept.push(formatPropertyPath(path.slice(1)))
    } else if (value?.secret || value?.unknown || (node.kind === 'string' && isSecret(node.value))) {
      if (!isPlain(node)) return
      changes.push({ path, value: secretOf(plainData(fragmentOf(text, node))) })
      encrypted.push(formatPropertyPath(path.slice(1)))
    } else {
      for (const [key, member] of membersOf(node))
        visit(member, [...path, key], memberOf(value, key), old && getAt(old, [key]))
    }
  }
  const values = getAt(decode(name, text).node, ['values'])
  const before = getAt(decode(name, base.definition).node, ['values'])
  for (const [key, member] of values === undefined ? [] : membersOf(values)) {
    const value = evaluated === undefined && before !== undefined ? unknown : evaluated?.properties?.[key as string]
    visit(member, ['values', key], value, before && getAt(before, [key]))
  }
  return { text: setAllAt(text, changes), encrypted, kept }
}

/** A value of a definition that cannot be evaluated any more. */
const unknown = { unknown: true } as ExportedValue

/** Tells whether a text is, or contains, one of the secrets of a revision. */
async function secretTest(environment: Environment, base: Revision): Promise<(text: string) => boolean> {
  if (environment.settings.wrappedDataKey === undefined) return () => false
  const key = await environment.dataKey()
  environment.verifyUnder(key, base)
  const known = knownSecrets(environment.name, base.definition, (ciphertext) => key.decrypt(ciphertext))
  const secrets = new Set(known.flatMap(({ plaintext }) => plaintext || []))
  const long = [...secrets].filter((secret) => secret.length >= leastPart)
  return (text) => secrets.has(text) || long.some((secret) => text.includes(secret))
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
