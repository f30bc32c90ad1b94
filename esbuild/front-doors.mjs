// Rooms are imported through their `index.ts`, which would load every file of a room for the sake
// of one. No module of ours does anything by being loaded, so in a bundle an import goes straight
// to the file that holds the name.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The text of a source file with its imports past the front doors. */
export function directSource(path) {
  return readFileSync(path, 'utf8').replace(
    /^import \{([^}]*)\} from '(\.[^']*[/]index\.ts)'/gm,
    (statement, names, door) => directImports(statement, names, join(dirname(path), door)),
  )
}

/** As an esbuild plugin, for bundles that are not layered. */
export const pastFrontDoors = {
  name: 'past-front-doors',
  setup(build) {
    build.onLoad({ filter: /[/]src[/].*\.ts$/ }, ({ path }) => ({ contents: directSource(path), loader: 'ts' }))
  },
}

function directImports(statement, names, door) {
  const homes = homesOf(door)
  const lines = names.split(',').flatMap((each) => {
    const [, name, local = name] = /^\s*(\w+)(?:\s+as\s+(\w+))?\s*$/.exec(each) ?? []
    // What is a type, or nothing, vanishes anyway.
    if (name === undefined) return []
    const home = homes.get(name)
    if (home === undefined)
      throw new Error(`${door} does not export ${name} in a way that the build understands: ${statement}`)
    return [`import { ${home.name} as ${local} } from '${home.file}'`]
  })
  // The lines below keep their numbers.
  return lines.join('; ') + '\n'.repeat(statement.split('\n').length - 1)
}

/** The names of the values a source file exports. */
export function exportedNames(path) {
  const names = [...homesOf(path).keys()]
  return /^export default /m.test(readFileSync(path, 'utf8')) ? ['default', ...names] : names
}

/** The functions and classes that a source file exports and makes itself. */
export function exportedCallables(path) {
  const source = readFileSync(path, 'utf8')
  return [...source.matchAll(/^export (?:async )?(function|class)\*? (\w+)/gm)].map(([, kind, name]) => ({
    kind,
    name,
  }))
}

const known = new Map()

/** Where each value that a source file exports is made. */
function homesOf(path) {
  const before = known.get(path)
  if (before !== undefined) return before
  const homes = new Map()
  const source = readFileSync(path, 'utf8')
  for (const [, names, file] of source.matchAll(/^export \{([^}]*)\} from '([^']+)'/gm)) {
    for (const each of names.split(',')) {
      const [, name, shown = name] = /^\s*(\w+)(?:\s+as\s+(\w+))?\s*$/.exec(each) ?? []
      if (name === undefined) continue
      const target = join(dirname(path), file)
      // One door may lead to the next.
      const behind = target.endsWith('/index.ts') ? homesOf(target).get(name) : undefined
      homes.set(shown, behind ?? { name, file: target })
    }
  }
  for (const [, file] of source.matchAll(/^export \* from '([^']+)'/gm)) {
    for (const [name, home] of homesOf(join(dirname(path), file))) homes.set(name, home)
  }
  for (const [, name] of source.matchAll(EXPORTED_VALUE)) homes.set(name, { name, file: path })
  known.set(path, homes)
  return homes
}

const EXPORTED_VALUE = /^export (?:async )?(?:function\*? |const |let |(?:abstract )?class )(\w+)/gm
