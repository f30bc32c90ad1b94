import { readFileSync } from 'node:fs'
import { EscError } from '../errors.ts'
import type { LoadedPlugins, NamedPlugin } from '../plugins/index.ts'
import { loadProvider, type Provider, providerNames } from '../providers/index.ts'
import { loadRotator, type Rotator, rotatorNames } from '../rotators/index.ts'
import { layout } from '../store/index.ts'
import { nearest } from '../suggestion.ts'
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
  const { store, options } = workspace
  const loading = (async () => {
    const named = namedPlugins(store.folder)
    // Rare, so that other commands do not pay for it.
    const { loadPlugins } = await import('../plugins/index.ts')
    return loadPlugins(named, [store.folder, options.cwd])
  })()
  loaded.set(workspace, loading)
  return loading
}

/** `plugins` of `esc.yaml`, each with its line. */
function namedPlugins(folder: string): readonly NamedPlugin[] {
  const file = layout.configuration(folder)
  const { node } = decode(file, readFileSync(file, 'utf8'))
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
  const suggestion = nearest(name, known)
  throw new EscError('not_found', `unknown ${kind} ${JSON.stringify(name)}`, {
    hint:
      suggestion === undefined
        ? `known ${kind}s, those of plugins included: ${[...known].sort().join(', ')}`
        : `did you mean "${suggestion}"?`,
  })
}
