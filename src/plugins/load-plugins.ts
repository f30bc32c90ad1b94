import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { EscError, messageOf } from '../errors.ts'
import { present } from '../present.ts'
import { type Provider, providerNames } from '../providers/index.ts'
import { type Rotator, rotatorNames } from '../rotators/index.ts'
import { guardProvider, guardRotator } from './guard.ts'
import { importModule } from './import-module.ts'
import { type InspectedPlugin, inspectPlugin, type NamedPlugin, type PluginPlaces } from './inspect.ts'
import { foreignFile } from './owner.ts'
import type { Plugin } from './plugin.ts'
import { pluginFault } from './plugin-shape.ts'
import { snapshotOf } from './snapshot.ts'

export interface LoadedPlugins {
  readonly rotators: ReadonlyMap<string, Rotator>
  readonly providers: ReadonlyMap<string, Provider>
}

/** Everything that running a plugin needs. */
export interface LoadOptions {
  /**
   * Asked with what stands for the code of each plugin (`InspectedPlugin.consent`) before any of it
   * is run. Throws where this machine has not consented to it.
   */
  readonly consent: (wanted: readonly string[]) => Promise<void>
  /**
   * The place where the copies that are run are kept: a folder of this user's, outside every
   * repository.
   */
  readonly snapshots: string
}

/**
 * Runs the code of the plugins and returns what they bring, each checked and guarded. All of them
 * are loaded, whichever is wanted: only so does it show when two bring the same name.
 *
 * @throws EscError that names the plugin and its line in `esc.yaml`: `not_found`, `invalid_input`,
 *   `already_exists`, `untrusted`, or `provider_failed` for a module that throws.
 */
export async function loadPlugins(
  named: readonly NamedPlugin[],
  places: PluginPlaces,
  options: LoadOptions,
): Promise<LoadedPlugins> {
  const inspected = await Promise.all(named.map((each) => inspectPlugin(each, places)))
  await options.consent(inspected.map(({ consent }) => consent))
  const plugins = await Promise.all(inspected.map(async (each) => [each, await loadPlugin(each, options)] as const))
  const rotators = new Names<Rotator>('rotator', rotatorNames)
  const providers = new Names<Provider>('provider', providerNames)
  for (const [by, { rotators: ofRotators = [], providers: ofProviders = [] }] of plugins) {
    for (const rotator of ofRotators) rotators.add(guardRotator(rotator, by.name), by)
    for (const provider of ofProviders) providers.add(guardProvider(provider, by.name), by)
  }
  return { rotators: rotators.members, providers: providers.members }
}

/**
 * Names that nobody may take twice: who reads a definition must know whose code a name stands for.
 */
class Names<T extends { readonly name: string }> {
  readonly members = new Map<string, T>()
  readonly #owners = new Map<string, NamedPlugin>()
  readonly #kind: string
  readonly #builtIn: readonly string[]

  constructor(kind: string, builtIn: readonly string[]) {
    this.#kind = kind
    this.#builtIn = builtIn
  }

  add(member: T, by: NamedPlugin): void {
    const { name } = member
    if (this.#builtIn.includes(name)) {
      throw new EscError(
        'already_exists',
        `${by.at}: plugin ${by.name} brings a ${this.#kind} ${name}, which is built in`,
        {
          hint: `the author of the plugin must choose another name; take ${by.name} out of \`plugins\` until then`,
        },
      )
    }
    const other = this.#owners.get(name)
    if (other !== undefined) {
      throw new EscError(
        'already_exists',
        `${by.at}: plugins ${other.name} and ${by.name} both bring a ${this.#kind} ${name}`,
        { hint: 'take one of them out of `plugins`' },
      )
    }
    this.members.set(name, member)
    this.#owners.set(name, by)
  }
}

async function loadPlugin(inspected: InspectedPlugin, { snapshots }: LoadOptions): Promise<Plugin> {
  const { name, at, closure, entry } = inspected
  let loaded: unknown
  try {
    const folder = snapshotOf(closure, snapshots)
    refuseForeignModules(folder)
    loaded = await importModule(pathToFileURL(join(folder, entry)).href)
  } catch (error) {
    if (error instanceof EscError && error.code === 'untrusted') throw error
    const installed = join(present(closure.packages[0]).folder, entry)
    throw new EscError('provider_failed', `${at}: plugin ${name} cannot be loaded: ${oneLine(messageOf(error))}`, {
      hint: `look into ${installed}, update the package, or take ${name} out of \`plugins\``,
      cause: error,
    })
  }
  const plugin = defaultExport(loaded)
  const fault = pluginFault(plugin)
  if (fault === undefined) return plugin as Plugin
  const newer = Number((plugin as { readonly contract?: unknown } | undefined)?.contract) > 1
  throw new EscError('invalid_input', `${at}: plugin ${name} cannot be used: ${fault}`, {
    hint: newer ? 'update esc, or install an older version of the plugin' : 'update the plugin, or ask its author',
  })
}

/**
 * Node looks for what a package does not declare in every folder above it, so
 * nobody else may own one there.
 */
function refuseForeignModules(folder: string): void {
  for (let at = dirname(folder); dirname(at) !== at; at = dirname(at)) {
    const modules = join(dirname(at), 'node_modules')
    const foreign = existsSync(modules) ? foreignFile([modules]) : undefined
    if (foreign === undefined) continue
    throw new EscError(
      'untrusted',
      `no plugin is run: ${modules}, above the copies of plugins, belongs to user ${foreign.uid}`,
      {
        hint: 'set ESC_STATE_HOME to a folder below which only you can write',
      },
    )
  }
}

/** CommonJS made from an ES module has its default export inside its exports. */
function defaultExport(loaded: unknown): unknown {
  const outer = (loaded as { readonly default?: unknown }).default
  const isModule = typeof outer === 'object' && outer !== null && '__esModule' in outer && 'default' in outer
  return isModule ? outer.default : outer
}

function oneLine(text: string): string {
  return text.replace(/\n.*$/s, '').slice(0, 300)
}
