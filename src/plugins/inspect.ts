import { realpathSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { EscError, messageOf } from '../errors.ts'
import { type Closure, closureOf } from './closure.ts'
import { isCommitted } from './committed.ts'
import { type FoundPackage, findPackage } from './find-package.ts'
import { foreignFile, type OthersFile } from './owner.ts'

/** One line of `plugins` in `esc.yaml`. */
export interface NamedPlugin {
  /** Name of the npm package. */
  readonly name: string
  /** The place where it is named, for messages: `…/esc.yaml:3`. */
  readonly at: string
}

/** Folders in which packages are looked for. */
export interface PluginPlaces {
  /** Folder of the store. */
  readonly store: string
  /** Packages are looked for from each of these upwards, in this order. */
  readonly folders: readonly string[]
}

/** An installed plugin: what would run, and what a person consents to. */
export interface InspectedPlugin extends NamedPlugin {
  /** The file to import, from the package's folder. */
  readonly entry: string
  readonly closure: Closure
  /**
   * `<name> <folder, relative to the store> <digest>`: what stands for this code at this place, on
   * every machine that has it.
   */
  readonly consent: string
}

const packageName = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/

/**
 * Finds the package of a plugin and digests all that it could run. Runs nothing of it.
 *
 * @throws EscError that names the plugin and its line in `esc.yaml`: `invalid_input`, `not_found`;
 *   `untrusted` for what came with git or belongs to another user.
 */
export async function inspectPlugin({ name, at }: NamedPlugin, places: PluginPlaces): Promise<InspectedPlugin> {
  if (!packageName.test(name)) {
    throw new EscError('invalid_input', `${at}: plugin ${JSON.stringify(name)} is not the name of an npm package`, {
      hint: 'write a name such as esc-rotator-x, and install the package; a path would run whatever lies in this folder',
    })
  }
  const { folder, root, entry } = locate(name, at, places.folders)
  if (await isCommitted(folder, name)) {
    throw new EscError('invalid_input', `${at}: plugin ${name} came with git, in ${folder}, and is not run`, {
      hint: 'take node_modules out of git, look at the package, and install it yourself',
    })
  }
  let closure: Closure
  let foreign: OthersFile | undefined
  try {
    closure = closureOf(name, root)
    const { store } = places
    foreign = foreignFile([realpathSync(store), join(store, 'esc.yaml'), join(folder, 'node_modules')], closure)
  } catch (error) {
    throw new EscError('invalid_input', `${at}: plugin ${name} cannot be read: ${messageOf(error)}`, {
      hint: `install it again: npm install ${name}`,
    })
  }
  if (foreign !== undefined) throw ofSomebodyElse(`${at}: plugin ${name}`, foreign)
  const place = relative(realpathSync(places.store), root).split(sep).join('/')
  return { name, at, entry: relative(root, entry), closure, consent: `${name} ${place} ${closure.digest}` }
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

function ofSomebodyElse(what: string, { path, uid }: OthersFile): EscError {
  const me = process.geteuid?.()
  return new EscError(
    'untrusted',
    `${what} is not run: ${path} belongs to user ${uid}, who could change it at any time`,
    {
      hint: `run esc as that user, or give the store and the package to yours (chown -R ${me} …)`,
    },
  )
}
