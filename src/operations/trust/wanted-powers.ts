import { messageOf } from '../../errors.ts'
import { isJsonObject, type Json } from '../../json.ts'
import { unknownKeyHost } from '../../keys/index.ts'
import type { Store } from '../../store/index.ts'
import { type Power, type PowerKind, sortedPowers } from '../../trust/index.ts'
import { decode, type Node } from '../../yaml/index.ts'
import { inspectPlugins } from '../session/configured-plugins.ts'
import type { Workspace } from '../session/workspace.ts'
import { serverSettings, vouchersOf } from '../sign-in/server-settings.ts'
import { printable } from './describe.ts'
import { machinePowers } from './machine-powers.ts'

/** The powers that a store asks for, whether or not it was allowed. */
export interface WantedPowers {
  readonly powers: readonly Power[]
  /** Sentences about what cannot be allowed at all, such as a plugin that is not installed. */
  readonly problems: readonly string[]
}

const known = new WeakMap<Store, { readonly configuration: string; readonly wanted: Promise<WantedPowers> }>()

/**
 * Everything that a store asks for: from `esc.yaml`, and from the settings and definitions
 * of all its environments.
 */
export function wantedPowers(workspace: Workspace): Promise<WantedPowers> {
  const { store } = workspace
  const configuration = store.configuration.text
  const before = known.get(store)
  if (before?.configuration === configuration) return before.wanted
  const wanted = collect(workspace)
  known.set(store, { configuration, wanted })
  return wanted
}

async function collect(workspace: Workspace): Promise<WantedPowers> {
  const { store } = workspace
  const problems: string[] = []
  const powers: Power[] = []
  const add = (kind: PowerKind, values: readonly string[]) => {
    for (const value of values) powers.push({ kind, value })
  }
  const section = (name: string, field: string): Json | undefined => {
    const value = store.configuration.get(name)
    return isJsonObject(value) ? value[field] : undefined
  }
  add('privateHost', textsOf(section('network', 'privateHosts')))
  add('webhookHost', textsOf(section('webhooks', 'allow')))
  add('variable', textsOf(section('allow', 'variables')))
  add('socket', textsOf(section('allow', 'sockets')))
  add('caFile', textsOf(section('allow', 'caFiles')))
  add('issuer', textsOf(section('oidc', 'issuer')))

  try {
    add('identityIssuer', vouchersOf(serverSettings(store)))
  } catch (error) {
    problems.push(messageOf(error))
  }

  const survey = await store.upkeep.survey()
  for (const url of new Set([store.configuration.defaultSecretsProvider, ...survey.secretsProviders])) {
    try {
      const host = unknownKeyHost(url)
      if (host !== undefined) add('keyHost', [host.origin])
    } catch (error) {
      problems.push(messageOf(error))
    }
  }

  const { plugins, problems: ofPlugins } = await inspectPlugins(workspace)
  add('plugin', plugins)
  problems.push(...ofPlugins)

  for (const definition of survey.definitions) powers.push(...machinePowers(definition))

  const { organization } = store
  const signs =
    plugins.length > 0 || store.configuration.get('oidc') !== undefined || survey.definitions.some(usesIdentity)
  if (signs) add('identity', [organization])
  return { powers: sortedPowers(powers), problems: problems.map(printable) }
}

/** A text, or the texts of a list; whoever uses the field complains about anything else in it. */
function textsOf(value: Json | undefined): readonly string[] {
  const values = Array.isArray(value) ? value : [value]
  return values.filter((each): each is string => typeof each === 'string' && each !== '')
}

/**
 * The providers that are given an identity token, whatever its inputs are; others are when they
 * have `oidc`.
 */
const identified = ['external', 'oidc', 'vault-login']

/**
 * True when a definition calls what is signed with the identity key, such as the rotator
 * `external`, or a login with `oidc`.
 */
function usesIdentity(text: string): boolean {
  // Almost all definitions are told from their text.
  if (!identified.some((name) => text.includes(name)) && !text.includes('\\')) return false
  const { node } = decode('environment.yaml', text)
  return node !== undefined && mentionsIdentity(node)
}

function mentionsIdentity(node: Node): boolean {
  if (node.kind === 'array') return node.elements.some(mentionsIdentity)
  if (node.kind !== 'object') return false
  return node.entries.some(({ key, value }) => {
    const named = value.kind === 'string' && key.value === 'provider' ? value.value : undefined
    const called = /^fn::(?:open|rotate)::(.+)$/.exec(key.value)?.[1] ?? named
    return identified.some((name) => name === called) || key.value === 'oidc' || mentionsIdentity(value)
  })
}
