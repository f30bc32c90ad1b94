import { posix } from 'node:path'
import { type SourceFile, sources } from './sources.ts'

/** Files whose exports are not for our sources alone, and who uses them. */
const ENTRIES: Readonly<Record<string, string>> = {
  'src/plugin.ts': 'authors of plugins',
  'src/testkit/index.ts': 'authors of plugins, in their tests',
  'src/index.ts': 'the files in bin and the library, which load the bundle',
  'src/sdk/index.ts': 'programs that use the library',
  'src/vendor/passphrase-words.ts': 'nobody: an export of a bundle is kept, so the licence of the words goes with them',
  'src/vendor/re2js.ts': 'the build, in whose bundles an import of the package loads this one when it is first used',
}

/** Name that a file exports. `target`: the file that it is passed on from, and its name there. */
interface Exported {
  readonly name: string
  readonly target?: { readonly file: string; readonly name: string }
}

interface Module {
  readonly exported: ReadonlyMap<string, Exported>
  /** Files of which everything is passed on. */
  readonly stars: readonly string[]
}

/** Name of a file that another file uses. `*`: all of them. */
interface Use {
  readonly file: string
  readonly name: string
}

/**
 * Sentences about names in `src` that are exported, and that no other file imports. An `index.ts`
 * that passes a name on counts only where somebody imports it from there. A type counts as used
 * where its own file uses it: it belongs to what the file does, such as the options of a function.
 * Default exports are not judged: commands are loaded by their path.
 */
export function unusedExports(files: readonly SourceFile[] = sources()): string[] {
  const modules = new Map(files.map((each) => [each.file, moduleOf(each)]))
  const used = new Set<string>()
  const use = ({ file, name }: Use): void => {
    const module = modules.get(file)
    if (module === undefined || used.has(`${file} ${name}`)) return
    used.add(`${file} ${name}`)
    if (name === '*') for (const each of module.exported.keys()) use({ file, name: each })
    const own = module.exported.get(name)
    if (own?.target !== undefined) use(own.target)
    if (own === undefined) for (const star of module.stars) use({ file: star, name })
  }
  for (const file of Object.keys(ENTRIES)) use({ file, name: '*' })
  for (const each of files) for (const name of usesOf(each)) use(name)
  return files
    .filter(({ file }) => file.startsWith('src/'))
    .flatMap(({ file, text }) =>
      [...(modules.get(file)?.exported.keys() ?? [])]
        .filter((name) => !used.has(`${file} ${name}`) && !isTypeInUse(name, text))
        .map((name) => `${file}: exports ${name}, which no other file imports`),
    )
}

const DECLARED =
  /^export (?:async )?(?:abstract )?(?:function\*?|class|const|let|interface|type|enum) (?:\{([^}]*)\}|(\w+))/gm
const LISTED = /^export (?:type )?\{([^}]*)\}(?: from '([^']+)')?/gm
const STARS = /^export (?:type )?\* from '([^']+)'/gm
const IMPORTED = /^import (?:type )?(?:\w+, )?(?:\{([^}]*)\}|\* as \w+) from '([^']+)'/gm
/**
 * What is taken from a module that is loaded later, or asked for by a type: names before it, or one
 * after it.
 */
const LOADED =
  /(?:(?:const|let) \{([^{}]*)\}[^=;]*= (?:[^\n;]*? )?(?:await )?)?\bimport\(\s*'([^']+)'\s*\)\)?(?:\.(\w+))?/g

function isTypeInUse(name: string, text: string): boolean {
  const isDeclared = new RegExp(`^export (?:interface|type) ${name}\\b`, 'm').test(text)
  return isDeclared && [...text.matchAll(new RegExp(`\\b${name}\\b`, 'g'))].length > 1
}

function moduleOf({ file, text }: SourceFile): Module {
  const exported = new Map<string, Exported>()
  for (const [, names, name] of text.matchAll(DECLARED)) {
    for (const { local } of name === undefined ? listed(names) : [{ local: name }]) exported.set(local, { name: local })
  }
  for (const [, names, from] of text.matchAll(LISTED)) {
    for (const { name, local } of listed(names)) {
      if (local === 'default') continue
      const target = from === undefined ? importedAs(name, { file, text }) : targetOf(file, from, name)
      exported.set(local, { name: local, ...(target && { target }) })
    }
  }
  const stars = [...text.matchAll(STARS)].flatMap(([, from]) => targetOf(file, from, '*')?.file ?? [])
  return { exported, stars }
}

/** Where a name that is imported here, and exported again in a statement of its own, comes from. */
function importedAs(wanted: string, { file, text }: SourceFile): Use | undefined {
  for (const [, names, from] of text.matchAll(IMPORTED)) {
    const found = listed(names).find(({ local }) => local === wanted)
    if (found !== undefined) return targetOf(file, from, found.name)
  }
  return undefined
}

function usesOf({ file, text }: SourceFile): Use[] {
  const uses: (Use | undefined)[] = []
  for (const [, names, from] of text.matchAll(IMPORTED)) {
    if (names === undefined) uses.push(targetOf(file, from, '*'))
    for (const { name } of listed(names)) uses.push(targetOf(file, from, name))
  }
  for (const [, names, from, name] of text.matchAll(LOADED)) {
    if (name !== undefined && name !== 'then' && name !== 'catch') uses.push(targetOf(file, from, name))
    else if (names === undefined) uses.push(targetOf(file, from, '*'))
    // A destructuring pattern names what it takes with a colon: `{ name: local }`.
    else for (const each of names.split(',')) uses.push(targetOf(file, from, each.split(':')[0]?.trim() ?? ''))
  }
  return uses.filter((each) => each !== undefined)
}

/**
 * Names in braces: `a, type b as c`. `name`: outside of this file, or of the one that exports it;
 * `local`: after `as`.
 */
function listed(names = ''): { readonly name: string; readonly local: string }[] {
  return [...names.matchAll(/(?:\btype )?(\w+)(?: as (\w+))?/g)].map(([, name = '', local = name]) => ({ name, local }))
}

function targetOf(file: string, specifier: string | undefined, name: string): Use | undefined {
  if (!specifier?.startsWith('.')) return undefined
  return { file: posix.join(posix.dirname(file), specifier), name }
}
