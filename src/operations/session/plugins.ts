import { join } from 'node:path'
import { EscError } from '../../errors.ts'
import { stateFolder } from '../../machine/index.ts'
import type { LoadedPlugins } from '../../plugins/index.ts'
import { loadProvider, type Provider, providerNames } from '../../providers/index.ts'
import { loadRotator, type Rotator, rotatorNames } from '../../rotators/index.ts'
import type { Store } from '../../store/index.ts'
import { unknownNameHint } from '../../suggestion.ts'
import { hasPlugins, namedPlugins, placesOf } from './configured-plugins.ts'
import type { Workspace } from './workspace.ts'

// The code of a store's plugins runs once, and only when a name is asked for that is not built in.
// Plugins that could not be loaded are tried again: a person may have allowed them since.
const loaded = new WeakMap<Store, Promise<LoadedPlugins>>()

/**
 * A rotator that is built in or, failing that, of a plugin. Throws `not_found`, or
 * what `loadPlugins` throws.
 */
export async function findRotator(workspace: Workspace, name: string): Promise<Rotator> {
  if (rotatorNames.includes(name) || !hasPlugins(workspace)) return loadRotator(name)
  const { rotators } = await pluginsOf(workspace)
  return rotators.get(name) ?? unknown('rotator', name, [...rotatorNames, ...rotators.keys()])
}

/** A provider that is built in or, failing that, of a plugin. Throws as `findRotator` does. */
export async function findProvider(workspace: Workspace, name: string): Promise<Provider> {
  if (providerNames.includes(name) || !hasPlugins(workspace)) return loadProvider(name)
  const { providers } = await pluginsOf(workspace)
  return providers.get(name) ?? unknown('provider', name, [...providerNames, ...providers.keys()])
}

/** All that the store's plugins bring. Throws what `loadPlugins` throws. */
export function pluginsOf(workspace: Workspace): Promise<LoadedPlugins> {
  const { store } = workspace
  const known = loaded.get(store)
  if (known !== undefined) return known
  const loading = (async () => {
    const named = namedPlugins(workspace)
    // Rare, so that other commands do not pay for it.
    const { loadPlugins } = await import('../../plugins/index.ts')
    const { requirePowers } = await import('../trust/require-powers.ts')
    return loadPlugins(named, placesOf(workspace), {
      consent: (wanted) =>
        requirePowers(
          workspace,
          wanted.map((value) => ({ kind: 'plugin', value })),
        ),
      snapshots: join(stateFolder(workspace.host.env), 'plugins'),
    })
  })()
  loaded.set(store, loading)
  loading.catch(() => loaded.delete(store))
  return loading
}

function unknown(kind: 'rotator' | 'provider', name: string, known: readonly string[]): never {
  throw new EscError('not_found', `unknown ${kind} ${JSON.stringify(name)}`, { hint: unknownNameHint(name, known) })
}
