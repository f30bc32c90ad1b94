import { createHash, randomBytes } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { present } from '../present.ts'
import { type ClosedFile, type Closure, closureOf, ownPackage } from './closure.ts'
import { packageFile, packageFolder } from './import-module.ts'

/**
 * Makes a copy of a closure that nobody else can change, and returns the folder of the package
 * itself in it. The copy is digested, so what is run is what was looked at, whatever happens to the
 * installed files meanwhile. It is made when it is first needed, and kept.
 *
 * Each package has a folder of its own, with links to what it depends on beside it, so that Node
 * finds exactly these: `<folder>/<copy>/<index>/node_modules/<name>`. The file `<folder>/<digest>`
 * names the copy, once that is whole, and the program whose `@gitesc/cli/plugin` it leads to.
 *
 * @throws Error when the installed files have changed since they were looked at.
 */
export function snapshotOf(closure: Closure, folder: string): string {
  const pointer = join(folder, closure.digest.replace('sha256:', 'sha256-'))
  const [known, program] = existsSync(pointer) ? readFileSync(pointer, 'utf8').split('\n') : []
  if (known !== undefined && program === programName()) {
    const there = placeIn(join(folder, known), closure, 0)
    if (existsSync(there)) return there
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const copy = `${closure.digest.slice('sha256:'.length, 'sha256:'.length + 16)}.${randomBytes(6).toString('hex')}`
  const home = join(folder, copy)
  try {
    copyInto(home, closure)
    const copied = closureOf(present(closure.packages[0]).name, placeIn(home, closure, 0))
    if (copied.digest !== closure.digest) throw new Error('its files were changed while they were read')
    writeFileSync(pointer, `${copy}\n${programName()}\n`, { mode: 0o600 })
  } catch (error) {
    rmSync(home, { recursive: true, force: true })
    throw error
  }
  return placeIn(home, closure, 0)
}

function placeIn(home: string, { packages }: Closure, index: number): string {
  return join(home, String(index), 'node_modules', present(packages[index]).name)
}

function copyInto(home: string, closure: Closure): void {
  closure.packages.forEach(({ name, folder, files, dependencies }, index) => {
    const to = placeIn(home, closure, index)
    mkdirSync(to, { recursive: true, mode: 0o700 })
    for (const file of files) copyFile(file, folder, to)
    const beside = join(home, String(index), 'node_modules')
    for (const [needed, dependency] of dependencies) {
      if (needed !== name) link(placeIn(home, closure, dependency), join(beside, needed))
    }
    if (name !== ownPackage) provideOwnPackage(join(beside, ownPackage))
  })
}

/** Makes `import '@gitesc/cli/plugin'` lead to the package that is running. */
function provideOwnPackage(path: string): void {
  if (packageFolder !== undefined) {
    link(packageFolder, path)
    return
  }
  // The executable has its files inside: those that plugins import are written down for Node.
  mkdirSync(join(path, 'dist'), { recursive: true, mode: 0o700 })
  const { name, version, type } = JSON.parse(Buffer.from(packageFile('package.json')).toString())
  const exports = { './plugin': { import: './dist/plugin.js', require: './dist/plugin.cjs' } }
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name, version, type, exports }), { mode: 0o600 })
  for (const file of pluginFiles) writeFileSync(join(path, file), packageFile(file), { mode: 0o600 })
}

const pluginFiles = ['dist/plugin.js', 'dist/plugin.cjs']

/** Tells which program a copy leads to: another one makes a copy of its own. */
function programName(): string {
  if (packageFolder !== undefined) return packageFolder
  const digest = createHash('sha256')
  for (const file of ['package.json', ...pluginFiles]) digest.update(packageFile(file))
  return `executable sha256:${digest.digest('hex')}`
}

function copyFile({ path, kind }: ClosedFile, from: string, to: string): void {
  const source = join(from, path)
  const target = join(to, path)
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 })
  if (kind === 'link') symlinkSync(readlinkSync(source), target)
  else copyFileSync(source, target)
}

function link(folder: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  // Windows lets everybody make junctions, and few make other links.
  symlinkSync(folder, path, process.platform === 'win32' ? 'junction' : 'dir')
}
