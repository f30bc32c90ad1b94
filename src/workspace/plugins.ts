import { join } from 'node:path'
import { EscError, messageOf } from '../errors.ts'
import { stateFolder } from '../machine/index.ts'
import type { LoadedPlugins, NamedPlugin, PluginPlaces } from '../plugins/index.ts'
import { loadProvider, type Provider, providerNames } from '../providers/index.ts'
import { loadRotator, type Rotator, rotatorNames } from '../rotators/index.ts'
import { layout } from '../store/index.ts'
import { unknownNameHint } from '../suggestion.ts'
import { decode, type Node } from '../syntax/index.ts'
import type { Workspace } from './workspace.ts'

// A workspace runs the code of its plugins once, and only when a name is asked for that is not built in.
const loaded = new WeakMap<Workspace, Promise<LoadedPlugins>>()

/** A rotator that is built in or, failing that, of a plugin. Throws `not_found`, or what `loadPlugins` throws. */
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

function hasPlugins({ store }: Workspace): boolean {
  const plugins = store.configuration.get('plugins')
  return plugins !== undefined && plugins !== null
}

function pluginsOf(workspace: Workspace): Promise<LoadedPlugins> {
  const known = loaded.get(workspace)
  if (known !== undefined) return known
  const loading = (async () => {
    const named = namedPlugins(workspace)
    // Rare, so that other commands do not pay for it.
    const { loadPlugins } = await import('../plugins/index.ts')
    const { requirePowers } = await import('./trust/require-powers.ts')
    return loadPlugins(named, placesOf(workspace), {
      consent: (wanted) =>
        requirePowers(
          workspace,
          wanted.map((value) => ({ kind: 'plugin', value })),
        ),
      snapshots: join(stateFolder(workspace.options.env), 'plugins'),
    })
  })()
  loaded.set(workspace, loading)
  return loading
}

function placesOf({ store, options }: Workspace): PluginPlaces {
  // A draft is a copy of the store without what is installed beside it.
  const home = options.original?.store.folder ?? store.folder
  return { store: home, folders: [home, options.cwd] }
}

/**
 * What stands for the code of each plugin that is installed and could be run, and sentences about those that could not. Runs nothing
 * of them.
 */
export async function inspectPlugins(
  workspace: Workspace,
): Promise<{ readonly plugins: readonly string[]; readonly problems: readonly string[] }> {
  if (!hasPlugins(workspace)) return { plugins: [], problems: [] }
  const { inspectPlugin } = await import('../plugins/index.ts')
  const plugins: string[] = []
  const problems: string[] = []
  for (const named of namedPlugins(workspace)) {
    try {
      plugins.push((await inspectPlugin(named, placesOf(workspace))).consent)
    } catch (error) {
      problems.push(messageOf(error))
    }
  }
  return { plugins, problems }
}

/** `plugins` of `esc.yaml`, each with its line. */
function namedPlugins({ store }: Workspace): readonly NamedPlugin[] {
  const file = layout.configuration(store.folder)
  const { node } = decode(file, store.files.readText(file))
  const plugins = node?.kind === 'object' ? node.entries.find(({ key }) => key.value === 'plugins')?.value : undefined
  if (plugins?.kind !== 'array') throw malformed(file, plugins)
  const named = new Map<string, NamedPlugin>()
  for (const element of plugins.elements) {
    if (element.kind !== 'string') throw malformed(file, element)
    if (!named.has(element.value)) named.set(element.value, { name: element.value, at: placeOf(file, element) })
  }
  return [...named.values()]
}

function placeOf(file: string, node: Node | undefined): string {
  return node?.range === undefined ? file : `${file}:${node.range.begin.line}`
}

function malformed(file: string, node: Node | undefined): EscError {
  return new EscError('invalid_input', `${placeOf(file, node)}: \`plugins\` is no list of names of npm packages`, {
    hint: 'write plugins: [esc-rotator-x]',
  })
}

function unknown(kind: 'rotator' | 'provider', name: string, known: readonly string[]): never {
  throw new EscError('not_found', `unknown ${kind} ${JSON.stringify(name)}`, { hint: unknownNameHint(name, known) })
}
