// Splits the program into bundles that are loaded one after the other, only as far as a command
// needs them, with each module of ours in exactly one of them (`instanceof EscError` must hold
// everywhere). esbuild can do that for ES modules only, and those cannot be loaded through a code
// cache.
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { build } from 'esbuild'
import { directSource, exportedCallables, exportedNames } from './front-doors.mjs'

/**
 * @typedef {object} Layer
 * @property {string} outfile
 * @property {string} [entry] Source file whose exports the bundle has. The first layer has one.
 * @property {(file: string) => boolean} holds Which modules that are imported with `import()`, by their
 *   path from the root, are in this layer or an earlier one. What they import statically is where
 *   they are, unless an earlier layer has it.
 * @property {(file: string) => boolean} [borrows] Which modules this layer leaves to a later one that
 *   holds them, although it imports them statically. It can use functions of theirs only, which load
 *   that layer when they are first called.
 * @property {boolean} [flat] Whether all of it is run when it is loaded: wrapping each module in a
 * function takes longer than running most
 *   of them. So is a layer with an entry.
 * @property {import('esbuild').Plugin[]} [plugins] For this layer alone.
 */

/**
 * Builds the layers. A module imports from its own layer and earlier ones; `import()` reaches later
 * ones too. Every layer but those with an entry exports `modules`: a function that loads one of the
 * files that earlier ones import. Every layer exports `shared`: the same for the files that later
 * layers import.
 *
 * @param {readonly Layer[]} layers
 * @param {object} options
 * @param {string} options.root
 * @param {import('esbuild').BuildOptions} options.common
 * @param {Record<string, string>} [options.generated] Texts that stand for those of source files,
 * by path from the root.
 */
export async function buildLayers(layers, { root, common, generated = {} }) {
  lookOver(root)
  /** In which layer each source file is. */
  const homes = new Map()
  /** For each layer, the files that earlier ones import. */
  const wanted = layers.map(() => new Set())
  /** For each layer, the files that later ones import. */
  const lent = layers.map(() => new Set())

  const placeOf = (file, from) => layers.findIndex(({ holds }, index) => index >= from && holds(file))

  const layerBuild = async (index, { shared, write }) => {
    const { outfile, entry, flat } = layers[index]
    const table = flat ? (name, files) => flatly(name, files, root) : lazily
    const result = await build({
      ...common,
      stdin: {
        contents:
          entry === undefined
            ? table('modules', wanted[index]) + table('shared', shared)
            : `export * from './${entry}'\n${flatly('shared', shared, root)}`,
        resolveDir: root,
        loader: 'js',
      },
      outfile,
      write,
      minifyWhitespace: !process.env.PLAIN,
      minifySyntax: !process.env.PLAIN,
      // Long names make code caches larger, and reading those is what most of a start-up is.
      // PLAIN=1 builds for reading and debugging.
      minifyIdentifiers: !process.env.PLAIN,
      lineLimit: 120,
      metafile: true,
      plugins: [...common.plugins, ...(layers[index].plugins ?? []), layered(index)],
    })
    const { inputs } = result.metafile.outputs[relative(root, outfile)]
    if (process.env.LAYERS && write) describe(basename(outfile), inputs)
    return Object.keys(inputs).filter((file) => file.startsWith('src/'))
  }

  const layered = (index) => ({
    name: 'layered',
    setup(build) {
      for (const namespace of ['file', 'lent', 'borrowed']) {
        build.onResolve({ filter: /^\.[/][\w-]+\.cjs$/, namespace }, ({ path }) => ({ path, external: true }))
      }
      build.onResolve({ filter: /^\.{0,2}[/].*\.ts$/ }, ({ path, resolveDir, kind }) => {
        const file = relative(root, resolve(resolveDir, path))
        const home = homes.get(file)
        if (kind === 'dynamic-import') return undefined
        if (home !== undefined && home < index) {
          lent[home].add(file)
          return { path: file, namespace: 'lent' }
        }
        if (!layers[index].borrows?.(file)) return undefined
        wanted[placeOf(file, index + 1)].add(file)
        return { path: file, namespace: 'borrowed' }
      })
      build.onLoad({ filter: /.*/, namespace: 'borrowed' }, ({ path: file }) => ({
        contents: borrowing(file, layers[placeOf(file, index + 1)].outfile, root),
        loader: 'js',
        resolveDir: dirname(join(root, file)),
      }))
      build.onLoad({ filter: /.*/, namespace: 'lent' }, ({ path: file }) => ({
        contents: lending(file, layers[homes.get(file)].outfile, root),
        loader: 'js',
        resolveDir: dirname(join(root, file)),
      }))
      build.onLoad({ filter: /[/]src[/].*\.ts$/ }, ({ path }) => {
        const statics = []
        const source = generated[relative(root, path)] ?? directSource(path)
        const contents = source.replace(/\bimport\('(\.[^']+\.ts)'\)/g, (statement, target) => {
          const file = relative(root, join(dirname(path), target))
          if (file.startsWith('src/vendor/')) return statement
          const home = homes.get(file)
          if (home !== undefined && home < index) {
            lent[home].add(file)
            return loading(layers[home].outfile, 'shared', file)
          }
          const place = placeOf(file, 0)
          if (place === 0 && layers[0].entry !== undefined) {
            const name = `$${statics.length}`
            statics.push(`import * as ${name} from '${target}'`)
            return `Promise.resolve(${name})`
          }
          if (place <= index) return statement
          wanted[place].add(file)
          return loading(layers[place].outfile, 'modules', file)
        })
        return { contents: [contents, ...statics].join(';'), loader: 'ts' }
      })
    },
  })

  for (const index of layers.keys()) {
    // Modules are lent whole, and what is unused in one would otherwise be left out: so until no
    // more modules join.
    let files = await layerBuild(index, { shared: [], write: false })
    for (let count = -1; files.length !== count; ) {
      count = files.length
      files = await layerBuild(index, { shared: files, write: false })
    }
    for (const file of files) homes.set(file, index)
  }
  await Promise.all(
    layers.map(async (_, index) => {
      const files = await layerBuild(index, { shared: lent[index], write: true })
      const twice = files.filter((file) => homes.get(file) !== index)
      if (twice.length > 0) throw new Error(`${layers[index].outfile}: also in another bundle: ${twice.join(', ')}`)
    }),
  )
}

/** LAYERS=1: what is in a bundle, the largest first. */
function describe(name, inputs) {
  const sizes = Object.entries(inputs).map(([file, { bytesInOutput }]) => ({ file, bytes: bytesInOutput }))
  const all = sizes.reduce((sum, { bytes }) => sum + bytes, 0)
  console.log(`${name}: ${all} bytes of ${sizes.length} files`)
  for (const { file, bytes } of sizes.sort((a, b) => b.bytes - a.bytes))
    console.log(`${String(bytes).padStart(8)} ${file}`)
}

/**
 * What files are called between bundles: numbers, because the names alone would be a tenth of the
 * first bundle.
 */
const ids = new Map()

/** Names of the classes that some code asks for with `instanceof`. */
const askedFor = new Set()

function lookOver(root) {
  const files = readdirSync(join(root, 'src'), { recursive: true }).map((file) => join('src', file))
  for (const [id, file] of files.sort().entries()) {
    ids.set(file, id)
    if (!file.endsWith('.ts')) continue
    for (const [, name] of readFileSync(join(root, file), 'utf8').matchAll(/\binstanceof (\w+)/g)) askedFor.add(name)
  }
}

/**
 * A function that loads a file of the layer. Not a table of functions, all of which would be made
 * at every start.
 */
function lazily(table, files) {
  return `export const ${table} = ${byName(files, (file) => `require('./${file}')`)}\n`
}

/** The same for a layer in which nothing is lazy. */
function flatly(table, files, root) {
  const imports = []
  const loader = byName(files, (file) => {
    const names = exportedNames(join(root, file))
    const prefix = `${table}$${imports.length}_`
    imports.push(`import { ${names.map((name) => `${name} as ${prefix}${name}`).join(', ')} } from './${file}'\n`)
    return `({ ${names.map((name) => `${name}: ${prefix}${name}`).join(', ')} })`
  })
  return `${imports.join('')}export const ${table} = ${loader}\n`
}

function byName(files, expression) {
  const cases = [...files].sort().map((file) => `case ${ids.get(file)}: return ${expression(file)}\n`)
  return `(file) => { switch (file) { ${cases.join('')} } }`
}

/** Needs a `require` that knows the bundle: that of `bin/run.cjs`. */
function loading(outfile, table, file) {
  return `require.later('./${basename(outfile)}', '${table}', ${ids.get(file)})`
}

/** A module that has the exports of a file in another layer. */
function lending(file, outfile, root) {
  const names = exportedNames(join(root, file))
  const lines = names.map((name) =>
    name === 'default' ? 'export default lender.default' : `export const ${name} = lender.${name}`,
  )
  return `const lender = require('./${basename(outfile)}').shared(${ids.get(file)})\n${lines.join('\n')}\n`
}

/**
 * A module that has the functions and classes of a file in a later layer. What extends such a class
 * cannot be built. A class is a function here, which costs a start least, unless some code asks
 * what is an instance of it.
 */
function borrowing(file, outfile, root) {
  const lender = `require('./${basename(outfile)}').modules(${ids.get(file)})`
  return exportedCallables(join(root, file))
    .map(({ kind, name }) => {
      if (kind !== 'class') return `export function ${name}(...args) { return (${lender}.${name})(...args) }`
      if (!askedFor.has(name)) return `export function ${name}(...args) { return new (${lender}.${name})(...args) }`
      return `export class ${name} {
        static [Symbol.hasInstance](value) { return value instanceof ${lender}.${name} }
        constructor(...args) { return new (${lender}.${name})(...args) }
      }`
    })
    .join('\n')
}
