import type { Config, Interfaces, Plugin } from '@oclif/core'
import manifest from '../../../package.json' with { type: 'json' }
import { isHeldInExecutable } from '../../operations/index.ts'
import { ALIASES } from './aliases.ts'
import { loadCommand } from './load-command.ts'
import { COMMANDS } from './registry.ts'
import { TOPICS } from './topics.ts'

/**
 * Returns the part of package.json that is for oclif, with the groups of commands filled in from
 * the registry.
 */
function packageForOclif(): Interfaces.PJSON {
  const topics = Object.fromEntries(Object.entries(TOPICS).map(([name, description]) => [name, { description }]))
  return { ...manifest, oclif: { ...manifest.oclif, topics: topicTree(topics) } } as unknown as Interfaces.PJSON
}

interface TopicNode {
  readonly description: string
  subtopics?: Record<string, TopicNode>
}

/** oclif wants groups nested, the registry has them by path. */
function topicTree(flat: Readonly<Record<string, { readonly description: string }>>): Record<string, TopicNode> {
  const tree: Record<string, TopicNode> = {}
  const nodes = new Map<string, TopicNode>()
  for (const [path, { description }] of Object.entries(flat)) {
    const node: TopicNode = { description }
    nodes.set(path, node)
    const cut = path.lastIndexOf(':')
    const parent = cut === -1 ? undefined : nodes.get(path.slice(0, cut))
    if (parent !== undefined && parent.subtopics === undefined) parent.subtopics = {}
    const siblings = parent?.subtopics ?? tree
    siblings[path.slice(cut + 1)] = node
  }
  return tree
}

/** oclif's view of our commands: they come from the registry of this program, not from files. */
function adapt(plugin: Plugin): Plugin {
  return Object.assign(plugin, {
    getCommandIDs: async () => [...COMMANDS],
    findCommand: async (id: string) => {
      const command = (await loadCommand(id)) as unknown as OclifStatics
      command.plugin = plugin
      command.aliases = Object.keys(ALIASES).filter((alias) => ALIASES[alias] === id)
      return command as never
    },
  })
}

/** The statics that oclif writes into a command class. */
interface OclifStatics {
  plugin?: Plugin
  aliases?: string[]
}

/**
 * oclif's configuration with every command in it. `ignoreManifest`: ask the command classes,
 * not `oclif.manifest.json`.
 */
export async function oclifConfig(root: string, options: { readonly ignoreManifest: boolean }): Promise<Config> {
  const { Config, Plugin } = await import('../../vendor/oclif.ts')
  const pjson = packageForOclif()
  // The executable holds no manifest that oclif could read.
  const ignoreManifest = options.ignoreManifest || isHeldInExecutable()
  const plugin = adapt(new Plugin({ isRoot: true, root, pjson, name: pjson.name, ignoreManifest }))
  await plugin.load()
  return Config.load({ root, pjson, plugins: new Map([[plugin.name, plugin as unknown as Interfaces.Plugin]]) })
}

/** The content of `oclif.manifest.json`, with what manual pages need beside it. */
export async function manifestOf(root: string): Promise<Interfaces.Manifest & { readonly topics: typeof TOPICS }> {
  const config = await oclifConfig(root, { ignoreManifest: true })
  const plugin = [...config.plugins.values()][0] as unknown as Plugin
  return { ...plugin.manifest, topics: TOPICS }
}
