import { existsSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { smallText } from '../files/index.ts'

export interface FoundPackage {
  /** The folder whose `node_modules` it is in. */
  readonly folder: string
  /** Real path of the package. */
  readonly root: string
  /** The file to import, in `root`. */
  readonly entry: string
}

/**
 * The file that `import 'name'` would load from `folder`: of the package in the nearest
 * `node_modules` upwards. Undefined: there is none. Our own, because Node resolves only from the
 * place of the module that asks, and this program is installed elsewhere.
 *
 * @throws Error for a package whose `package.json` cannot be read, or names no entry.
 */
export function findPackage(name: string, folder: string): FoundPackage | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const found = join(at, 'node_modules', name)
    if (existsSync(join(found, 'package.json'))) {
      const root = realpathSync(found)
      return { folder: at, root, entry: entryOf(root) }
    }
    if (dirname(at) === at) return undefined
  }
}

function entryOf(folder: string): string {
  const file = join(folder, 'package.json')
  let about: unknown
  try {
    about = JSON.parse(smallText(file) ?? '')
  } catch {
    throw new Error(`${file} is not JSON`)
  }
  const { exports, main } = (about ?? {}) as { readonly exports?: unknown; readonly main?: unknown }
  const candidates =
    exports === undefined
      ? [main, `${main}.js`, `${main}/index.js`, 'index.js', 'index.cjs', 'index.mjs']
      : [targetOf(isSubpaths(exports) ? exports['.'] : exports)]
  for (const candidate of candidates) {
    if (typeof candidate !== 'string' || candidate === '') continue
    const entry = resolve(folder, candidate)
    if (entry.startsWith(folder + sep) && isFile(entry)) return entry
  }
  throw new Error(`${file} names no file that is there, in exports["."] or main`)
}

const conditions = ['node', 'import', 'module-sync', 'require', 'default']

/** The first target whose condition holds, in the order they are written. */
function targetOf(target: unknown): unknown {
  if (Array.isArray(target)) return target.map(targetOf).find((each) => typeof each === 'string')
  if (typeof target !== 'object' || target === null) return target
  for (const [condition, inner] of Object.entries(target)) {
    const found = conditions.includes(condition) ? targetOf(inner) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

function isSubpaths(exports: unknown): exports is Readonly<Record<string, unknown>> {
  return typeof exports === 'object' && exports !== null && Object.keys(exports)[0]?.startsWith('.') === true
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}
