import { EscError } from '../errors.ts'
import { strictBase64 } from './base64.ts'
import { memberOf, textIn } from './vendor-call.ts'

/** The cluster and the user of a context, as a kubeconfig has them. */
export interface KubeconfigContext {
  readonly cluster: unknown
  readonly user: unknown
  readonly namespace?: string | undefined
}

/**
 * Reads a kubeconfig, YAML or JSON, and finds a context in it. `named`: as messages name it.
 * Default of `context`: the current one.
 * https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
 *
 * @throws EscError `invalid_input`. It quotes names, and nothing else.
 */
export async function readKubeconfig(text: string, named: string, context?: string): Promise<KubeconfigContext> {
  const config = await parsed(text, named)
  const name = context ?? textIn(config, 'current-context')
  if (name === undefined) {
    throw unusable(named, 'has no current context', `set \`context\`: ${namesOf(config, 'contexts')}`)
  }
  const of = entryOf(config, 'contexts', name, 'context', named)
  const [cluster, user] = [textIn(of, 'cluster'), textIn(of, 'user')]
  if (cluster === undefined) throw unusable(named, `has no cluster in the context ${JSON.stringify(name)}`)
  return {
    cluster: entryOf(config, 'clusters', cluster, 'cluster', named),
    user: user === undefined ? {} : entryOf(config, 'users', user, 'user', named),
    namespace: textIn(of, 'namespace'),
  }
}

async function parsed(text: string, named: string): Promise<unknown> {
  const { parseDocument } = await import('../vendor/yaml.ts')
  const document = parseDocument(text)
  // The messages of the parser quote lines, which hold credentials.
  if (document.errors.length > 0) throw unusable(named, 'is not YAML')
  let config: unknown
  try {
    config = document.toJS()
  } catch {
    throw unusable(named, 'is not YAML')
  }
  const kind = memberOf(config, 'kind') ?? 'Config'
  if (kind !== 'Config' || memberOf(config, 'contexts') === undefined) throw unusable(named, 'is not a kubeconfig')
  return config
}

/** The member `field` of the entry of this name in a list of a kubeconfig. */
function entryOf(config: unknown, list: string, name: string, field: string, named: string): unknown {
  const entry = entriesOf(config, list).find((each) => memberOf(each, 'name') === name)
  const value = memberOf(entry, field)
  if (typeof value === 'object' && value !== null) return value
  throw unusable(named, `has no ${field} ${JSON.stringify(name)}`, `it has ${namesOf(config, list)}`)
}

function entriesOf(config: unknown, list: string): readonly unknown[] {
  const entries = memberOf(config, list)
  return Array.isArray(entries) ? entries : []
}

function namesOf(config: unknown, list: string): string {
  const names = entriesOf(config, list).flatMap((each) => textIn(each, 'name') ?? [])
  return names.length === 0 ? 'none' : names.join(', ')
}

export function unusable(named: string, problem: string, hint?: string): EscError {
  return new EscError('invalid_input', `kubernetes-secrets: ${named} ${problem}`, {
    hint: hint ?? 'check it with "kubectl config view"',
  })
}

/** Text in base64, which a kubeconfig calls `…-data`. @throws EscError `invalid_input`. */
export function dataIn(entry: unknown, field: string, named: string): string | undefined {
  const value = textIn(entry, field)
  if (value === undefined) return undefined
  const bytes = strictBase64(value.replace(/\s/g, ''))
  if (bytes === undefined) throw unusable(named, `has a \`${field}\` that is not base64`)
  return bytes.toString()
}
