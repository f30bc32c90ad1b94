import { listRotators, parseEnvironment } from '../../language/index.ts'
import type { Environment } from '../../store/index.ts'
import { webhooksOf } from '../../webhooks/index.ts'
import { decode, type Node } from '../../yaml/index.ts'
import { belowValues } from '../rotating/rotator-state.ts'

/** The things known to everybody who could ever open an environment. Paths are below `values`. */
export interface ExposedSecrets {
  /** Credentials that can be rotated. */
  readonly rotators: readonly { readonly path: string; readonly rotator: string }[]
  /** Secrets that somebody put in: they can only be changed where they come from. */
  readonly secrets: readonly string[]
  /** Webhooks that keep something secret: each has to get another. */
  readonly webhooks: readonly ExposedWebhook[]
}

export interface ExposedWebhook {
  readonly name: string
  readonly displayName: string
  /** The URL as it may be shown. */
  readonly url: string
  /**
   * True when it is a secret they know: what signs deliveries, and a URL to which whoever knows it
   * may write.
   */
  readonly secret: boolean
  readonly secretUrl: boolean
  /** Names of headers whose values they know. Absent: there are none. */
  readonly headers?: readonly string[]
}

/** Returns the secrets of an environment now: in its newest definition, and in its webhooks. */
export function exposedOf(environment: Environment, name: string): ExposedSecrets {
  const webhooks = webhooksOf(environment.settings).flatMap(
    ({ sealed, hasSecret, headerNames, name, displayName, url }) => {
      if (sealed === undefined) return []
      const hasHeaders = headerNames.length > 0
      const secretUrl = (!hasSecret && !hasHeaders) || url.includes('[secret]')
      return [{ name, displayName, url, secret: hasSecret, secretUrl, ...(hasHeaders && { headers: headerNames }) }]
    },
  )
  return { ...exposedSecrets(name, environment.current().definition), webhooks }
}

/**
 * The secrets that a definition holds itself; those of its imports belong to the
 * environments that are imported.
 */
function exposedSecrets(name: string, definition: string): Omit<ExposedSecrets, 'webhooks'> {
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
