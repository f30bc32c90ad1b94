import { pathToFileURL } from 'node:url'
import { EscError, messageOf } from '../errors.ts'
import { type Provider, providerNames } from '../providers/index.ts'
import { type Rotator, rotatorNames } from '../rotators/index.ts'
import { isCommitted } from './committed.ts'
import { type FoundPackage, findPackage } from './find-package.ts'
import { guardProvider, guardRotator } from './guard.ts'
import { importModule } from './import-module.ts'
import type { Plugin } from './plugin.ts'
import { pluginFault } from './plugin-shape.ts'

/** One line of `plugins` in `esc.yaml`. */
export interface NamedPlugin {
  /** Name of the npm package. */
  readonly name: string
  /** Where it is named, for messages: `…/esc.yaml:3`. */
  readonly at: string
}

export interface LoadedPlugins {
  readonly rotators: ReadonlyMap<string, Rotator>
  readonly providers: ReadonlyMap<string, Provider>
}

const packageName = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/

/**
 * Runs the code of the plugins and returns what they bring, each checked and guarded. All of them are loaded, whichever is
 * wanted: only so does it show when two bring the same name.
 *
 * @param folders packages are looked for from each of these upwards, in this order.
 * @throws EscError that names the plugin and its line in `esc.yaml`: `not_found`, `invalid_input`, `already_exists`, or
 *   `provider_failed` for a module that throws.
 */
export async function loadPlugins(named: readonly NamedPlugin[], folders: readonly string[]): Promise<LoadedPlugins> {
  const plugins = await Promise.all(named.map(async (each) => [each, await loadPlugin(each, folders)] as const))
  const rotators = new Names<Rotator>('rotator', rotatorNames)
  const providers = new Names<Provider>('provider', providerNames)
  for (const [by, { rotators: ofRotators = [], providers: ofProviders = [] }] of plugins) {
    for (const rotator of ofRotators) rotators.add(guardRotator(rotator, by.name), by)
    for (const provider of ofProviders) providers.add(guardProvider(provider, by.name), by)
  }
  return { rotators: rotators.members, providers: providers.members }
}

/** Names that nobody may take twice: who reads a definition must know whose code a name stands for. */
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

async function loadPlugin({ name, at }: NamedPlugin, folders: readonly string[]): Promise<Plugin> {
  if (!packageName.test(name)) {
    throw new EscError('invalid_input', `${at}: plugin ${JSON.stringify(name)} is no name of an npm package`, {
      hint: 'write a name such as esc-rotator-x, and install the package; a path would run whatever lies in this folder',
    })
  }
  const { folder, entry } = locate(name, at, folders)
  if (await isCommitted(folder, name)) {
    throw new EscError('invalid_input', `${at}: plugin ${name} came with git, in ${folder}, and is not run`, {
      hint: 'take node_modules out of git, look at the package, and install it yourself',
    })
  }
  let loaded: unknown
  try {
    loaded = await importModule(pathToFileURL(entry).href)
  } catch (error) {
    throw new EscError('provider_failed', `${at}: plugin ${name} cannot be loaded: ${oneLine(messageOf(error))}`, {
      hint: `look into ${entry}, update the package, or take ${name} out of \`plugins\``,
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

function locate(name: string, at: string, folders: readonly string[]): FoundPackage {
  try {
    for (const folder of folders) {
      const found = findPackage(name, folder)
      if (found !== undefined) return found
    }
  } catch (error) {
    throw new EscError('invalid_input', `${at}: plugin ${name} cannot be loaded: ${messageOf(error)}`, {
      hint: `install it again: npm install ${name}`,
    })
  }
  throw new EscError('not_found', `${at}: plugin ${name} is not installed`, {
    hint: `run "npm install ${name}" in ${folders[0]} or a folder above it`,
  })
}

/** CommonJS made from an ES module has its default export inside its exports. */
function defaultExport(loaded: unknown): unknown {
  const outer = (loaded as { readonly default?: unknown }).default
  const isModule = typeof outer === 'object' && outer !== null && '__esModule' in outer && 'default' in outer
  return isModule ? outer.default : outer
}

function oneLine(text: string): string {
  return text.split('\n', 1)[0]!.slice(0, 300)
}
