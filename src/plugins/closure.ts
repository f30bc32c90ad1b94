import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { smallText } from '../files/index.ts'

/** A package and all that its code can import: itself, its dependencies, theirs, and so on. */
export interface Closure {
  /** The package itself comes first. */
  readonly packages: readonly ClosedPackage[]
  /**
   * `sha256:` and 64 hex digits, over every file of every package. The same installation gives the
   * same digest in any folder.
   */
  readonly digest: string
}

export interface ClosedPackage {
  /** Name of the package, as the one that needs it calls it. */
  readonly name: string
  /** Real path. */
  readonly folder: string
  readonly files: readonly ClosedFile[]
  /** Name of each dependency that is installed, and which of the packages it is. */
  readonly dependencies: readonly (readonly [name: string, index: number])[]
}

export interface ClosedFile {
  /** From the package's folder, with `/`. */
  readonly path: string
  readonly kind: 'file' | 'link'
  /** SHA-256 of the bytes, or of what the link says; hex. */
  readonly digest: string
}

/** More is no plugin, or a folder that was linked by mistake. */
const mostFiles = 50_000
const mostBytes = 512 << 20

/**
 * The dependency by which plugins import `@gitesc/cli/plugin`: the package that is running stands
 * for it, and needs no digest.
 */
export const ownPackage = '@gitesc/cli'

/**
 * Follows the dependencies of an installed package and digests what it finds. What no
 * `package.json` of it names is not part of it, and cannot be imported from the copy
 * that is run (`snapshot.ts`).
 *
 * @param folder real path of the package.
 * @throws Error for a package that is too large, or holds what is neither a
 *   file nor a link into itself.
 */
export function closureOf(name: string, folder: string): Closure {
  const packages: ClosedPackage[] = []
  const indexes = new Map<string, number>()
  const budget = { files: mostFiles, bytes: mostBytes }
  const queue = [{ name, folder }]
  indexes.set(folder, 0)
  // What is found on the way joins the end.
  for (const one of queue) {
    const dependencies: [string, number][] = []
    for (const needed of dependenciesOf(one.folder)) {
      const found = findDependency(needed, one.folder)
      if (found === undefined) continue
      let index = indexes.get(found)
      if (index === undefined) {
        index = queue.length
        indexes.set(found, index)
        queue.push({ name: needed, folder: found })
      }
      dependencies.push([needed, index])
    }
    packages.push({ ...one, files: filesOf(one.folder, budget), dependencies })
  }
  return { packages, digest: digestOf(packages) }
}

function digestOf(packages: readonly ClosedPackage[]): string {
  const digest = createHash('sha256').update('esc plugin v1\n')
  for (const { name, files, dependencies } of packages) {
    const content = files.map(({ path, kind, digest: of }) => [path, kind, of])
    digest.update(`${JSON.stringify([name, content, dependencies])}\n`)
  }
  return `sha256:${digest.digest('hex')}`
}

/**
 * Names of what a package says that it needs, sorted. A peer or optional
 * dependency need not be there.
 */
function dependenciesOf(folder: string): readonly string[] {
  let about: Readonly<Record<string, unknown>>
  try {
    about = JSON.parse(smallText(join(folder, 'package.json')) ?? '') ?? {}
  } catch {
    return []
  }
  const names = ['dependencies', 'optionalDependencies', 'peerDependencies'].flatMap((field) => {
    const section = about[field]
    return typeof section === 'object' && section !== null ? Object.keys(section) : []
  })
  const form = /^(?:@[^/\\]+\/)?[^/\\.][^/\\]*$/
  return [...new Set(names)].filter((each) => each !== ownPackage && form.test(each)).sort()
}

/** Real path of the package that Node finds from a folder. */
function findDependency(name: string, folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const candidate = join(at, 'node_modules', name)
    if (statSync(candidate, { throwIfNoEntry: false })?.isDirectory()) return realpathSync(candidate)
    if (dirname(at) === at) return undefined
  }
}

function filesOf(folder: string, budget: { files: number; bytes: number }): readonly ClosedFile[] {
  const files: ClosedFile[] = []
  const visit = (at: string) => {
    for (const name of readdirSync(at).sort()) {
      // Those in node_modules count where something depends on them.
      if (name === 'node_modules' || name === '.git') continue
      const file = join(at, name)
      const status = lstatSync(file)
      if (status.isDirectory()) visit(file)
      else files.push(digestFile(file, folder, status))
      budget.bytes -= status.isFile() ? status.size : 0
      if (--budget.files < 0 || budget.bytes < 0) {
        throw new Error(`${folder} and its dependencies have more than ${mostFiles} files or ${mostBytes >> 20} MB`)
      }
    }
  }
  visit(folder)
  return files
}

function digestFile(file: string, folder: string, status: Stats): ClosedFile {
  const path = relative(folder, file).split(sep).join('/')
  if (status.isSymbolicLink()) {
    const target = readlinkSync(file)
    if (!resolve(dirname(file), target).startsWith(folder + sep))
      throw new Error(`${file} is a link that leads out of its package`)
    return { path, kind: 'link', digest: sha256(target) }
  }
  if (!status.isFile()) throw new Error(`${file} is neither a file nor a link`)
  if (status.size > mostBytes) throw new Error(`${file} is too large`)
  return { path, kind: 'file', digest: sha256(readFileSync(file)) }
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
