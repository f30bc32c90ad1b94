import { EscError } from '../../errors.ts'
import { loadProvider, type Provider, providerNames } from '../../providers/index.ts'
import { absentRotator, loadRotator, type Rotator, rotatorNames } from '../../rotators/index.ts'
import type { Schema } from '../../schema/index.ts'
import { unknownNameHint } from '../../suggestion.ts'
import { hasPlugins } from '../session/configured-plugins.ts'
import { openWorkspace } from '../session/open-workspace.ts'
import { storeOperation } from '../session/operation.ts'
import { pluginsOf } from '../session/plugins.ts'
import type { SessionRequest } from '../session/session-parts.ts'
import type { Workspace } from '../session/workspace.ts'

/** A provider or rotator that definitions can name. */
export interface Offered {
  readonly name: string
  readonly description: string
  /** The one who brings it. */
  readonly from: 'esc' | 'plugin'
  readonly inputs: Schema
  readonly outputs: Schema
  /** The type of what a rotator keeps between rotations. */
  readonly state?: Schema
  /** A definition in which it is used. Absent: it is a plugin's. */
  readonly example?: string
}

export type OfferedKind = 'provider' | 'rotator'

/**
 * Lists what `fn::open` or `fn::rotate` can name here, by name: what is built in, and what the
 * plugins of the store in use bring, where there is one.
 *
 * @throws EscError `untrusted` where the plugins were not allowed on this machine.
 */
export async function offered(request: SessionRequest, kind: OfferedKind): Promise<readonly Offered[]> {
  return offeredIn(storeInUse(request), kind)
}

/** Lists what definitions of the store can name. */
export const offeredHere = storeOperation({
  name: 'list-offered',
  level: undefined,
  audit: 'environment-read',
  input: (z) => z.strictObject({ kind: z.enum(['provider', 'rotator']) }),
  run: async (work, { kind }: { readonly kind: OfferedKind }): Promise<readonly Offered[]> => offeredIn(work, kind),
})

async function offeredIn(workspace: Workspace | undefined, kind: OfferedKind): Promise<readonly Offered[]> {
  const builtIn = await (kind === 'provider' ? builtInProviders() : builtInRotators())
  const all = [...builtIn, ...(await ofPlugins(workspace, kind))]
  return all.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** One of them. @throws EscError `not_found` for a name that nobody knows. */
export async function offeredNamed(request: SessionRequest, kind: OfferedKind, name: string): Promise<Offered> {
  const all = await offered(request, kind)
  const found = all.find((each) => each.name === name)
  if (found !== undefined) return found
  const names = all.map((each) => each.name)
  const hint = (kind === 'rotator' ? absentRotator(name) : undefined) ?? unknownNameHint(name, names)
  throw new EscError('not_found', `unknown ${kind} ${JSON.stringify(name)}`, { hint })
}

async function builtInProviders(): Promise<Offered[]> {
  const loaded = await Promise.all(providerNames.map(loadProvider))
  return loaded.map((each) => ofProvider(each, 'esc'))
}

async function builtInRotators(): Promise<Offered[]> {
  const loaded = await Promise.all(rotatorNames.map(loadRotator))
  return loaded.map((each) => ofRotator(each, 'esc'))
}

async function ofPlugins(workspace: Workspace | undefined, kind: OfferedKind): Promise<Offered[]> {
  if (workspace === undefined || !hasPlugins(workspace)) return []
  const { providers, rotators } = await pluginsOf(workspace)
  if (kind === 'provider') return [...providers.values()].map((each) => ofProvider(each, 'plugin'))
  return [...rotators.values()].map((each) => ofRotator(each, 'plugin'))
}

function storeInUse(request: SessionRequest) {
  try {
    return openWorkspace(request)
  } catch (error) {
    // What is built in is there without a store. One that was named must be found.
    if (request.store === undefined && error instanceof EscError && error.code === 'not_found') return undefined
    throw error
  }
}

function ofProvider({ name, description, inputs, outputs, example }: Provider, from: Offered['from']): Offered {
  return { name, description, from, inputs, outputs, ...(example !== undefined && { example }) }
}

function ofRotator(rotator: Rotator, from: Offered['from']): Offered {
  const { name, description, inputs, outputs, state, example } = rotator
  return { name, description, from, inputs, outputs, state, ...(example !== undefined && { example }) }
}
