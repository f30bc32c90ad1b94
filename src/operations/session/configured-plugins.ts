import { EscError, messageOf } from '../../errors.ts'
import type { NamedPlugin, PluginPlaces } from '../../plugins/index.ts'
import { layout } from '../../store/index.ts'
import { decode, type Node } from '../../yaml/index.ts'
import type { Workspace } from './workspace.ts'

/** Returns true when `esc.yaml` has the field `plugins`. */
export function hasPlugins({ store }: Workspace): boolean {
  const plugins = store.configuration.get('plugins')
  return plugins !== undefined && plugins !== null
}

/** Folders in which plugins are looked for. */
export function placesOf({ store, host, original }: Workspace): PluginPlaces {
  // A draft is a copy of the store without what is installed beside it.
  const home = original?.store.folder ?? store.folder
  return { store: home, folders: [home, host.cwd] }
}

/**
 * Returns a text that stands for the code of each plugin that is installed and could be run, and
 * sentences about those that could not. Runs nothing of them.
 */
export async function inspectPlugins(
  workspace: Workspace,
): Promise<{ readonly plugins: readonly string[]; readonly problems: readonly string[] }> {
  if (!hasPlugins(workspace)) return { plugins: [], problems: [] }
  const { inspectPlugin } = await import('../../plugins/index.ts')
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
export function namedPlugins({ store }: Workspace): readonly NamedPlugin[] {
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
  return new EscError('invalid_input', `${placeOf(file, node)}: \`plugins\` is not a list of names of npm packages`, {
    hint: 'write plugins: [esc-rotator-x]',
  })
}
