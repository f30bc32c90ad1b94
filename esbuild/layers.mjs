// Splits the program into bundles that are loaded one after the other, only as far as a command needs them, with each module of ours in
// exactly one of them (`instanceof EscError` must hold everywhere). esbuild can do that for ES modules only, and those cannot be
// loaded through a code cache.
import { basename, dirname, join, relative, resolve } from 'node:path'
import { build } from 'esbuild'
import { directSource, exportedNames } from './front-doors.mjs'

/**
 * @typedef {object} Layer
 * @property {string} outfile
 * @property {string} [entry] Source file whose exports the bundle has. The first layer has one.
 * @property {(file: string) => boolean} holds Which modules that are imported with `import()`, by their path from the root, are in this
 *   layer or an earlier one. What they import statically is where they are, unless an earlier layer has it.
 */

/**
 * Builds the layers. A module imports from its own layer and earlier ones; `import()` reaches later ones too. Every layer but those
 * with an entry exports `modules`: for each file that earlier ones import, a function that loads it. Every layer exports `shared`:
 * the same for the files that later layers import.
 *
 * @param {readonly Layer[]} layers
 * @param {{ root: string, common: import('esbuild').BuildOptions }} options
 */
export async function buildLayers(layers, { root, common }) {
  /** In which layer each source file is. */
  const homes = new Map()
  /** For each layer, the files that earlier ones import. */
  const wanted = layers.map(() => new Set())
  /** For each layer, the files that later ones import. */
  const lent = layers.map(() => new Set())

  const layerBuild = async (index, { shared, write }) => {
    const { outfile, entry } = layers[index]
    const result = await build({
      ...common,
      stdin: { contents: entryText({ entry, modules: wanted[index], shared }), resolveDir: root, loader: 'js' },
      outfile,
      write,
      minifyWhitespace: !process.env.PLAIN,
      minifySyntax: !process.env.PLAIN,
      // Long names make code caches larger, and reading those is what most of a start-up is. PLAIN=1 builds for reading and debugging.
      minifyIdentifiers: !process.env.PLAIN,
      lineLimit: 120,
      metafile: true,
      plugins: [...common.plugins, layered(index)],
    })
    return Object.keys(result.metafile.outputs[relative(root, outfile)].inputs).filter((file) =>
      file.startsWith('src/'),
    )
  }

  const layered = (index) => ({
    name: 'layered',
    setup(build) {
      build.onResolve({ filter: /^\.[/][\w-]+\.cjs$/, namespace: 'file' }, ({ path }) => ({ path, external: true }))
      build.onResolve({ filter: /^\.[/][\w-]+\.cjs$/, namespace: 'lent' }, ({ path }) => ({ path, external: true }))
      build.onResolve({ filter: /^\.{0,2}[/].*\.ts$/ }, ({ path, resolveDir, kind }) => {
        const file = relative(root, resolve(resolveDir, path))
        const home = homes.get(file)
        if (kind === 'dynamic-import' || home === undefined || home >= index) return undefined
        lent[home].add(file)
        return { path: file, namespace: 'lent' }
      })
      build.onLoad({ filter: /.*/, namespace: 'lent' }, ({ path: file }) => ({
        contents: borrowing(file, layers[homes.get(file)].outfile, root),
        loader: 'js',
        resolveDir: dirname(join(root, file)),
      }))
      build.onLoad({ filter: /[/]src[/].*\.ts$/ }, ({ path }) => ({
        contents: directSource(path).replace(/\bimport\('(\.[^']+\.ts)'\)/g, (statement, target) => {
          const file = relative(root, join(dirname(path), target))
          if (file.startsWith('src/sdk/')) return statement
          const home = homes.get(file)
          if (home !== undefined && home < index) {
            lent[home].add(file)
            return loading(layers[home].outfile, 'shared', file)
          }
          const place = layers.findIndex(({ holds }) => holds(file))
          if (place <= index) return statement
          wanted[place].add(file)
          return loading(layers[place].outfile, 'modules', file)
        }),
        loader: 'ts',
      }))
    },
  })

  for (const index of layers.keys()) {
    // Modules are lent whole, and what is unused in one would otherwise be left out: so until no more modules join.
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

function entryText({ entry, modules, shared }) {
  const table = (files) =>
    [...files]
      .sort()
      .map((file) => `  '${file}': () => require('./${file}'),\n`)
      .join('')
  return [
    entry === undefined ? '' : `export * from './${entry}'\n`,
    `export const modules = {\n${table(modules)}}\n`,
    `export const shared = {\n${table(shared)}}\n`,
  ].join('')
}

/** Needs a `require` that knows the bundle: that of `bin/run.cjs`. */
function loading(outfile, table, file) {
  return `Promise.resolve().then(() => require('./${basename(outfile)}').${table}['${file}']())`
}

/** A module that has the exports of a file in another layer. */
function borrowing(file, outfile, root) {
  const names = exportedNames(join(root, file))
  const lines = names.map((name) =>
    name === 'default' ? 'export default lender.default' : `export const ${name} = lender.${name}`,
  )
  return `const lender = require('./${basename(outfile)}').shared['${file}']()\n${lines.join('\n')}\n`
}
