// Builds `dist/`: one bundle for the program, one for each vendor SDK (loaded only when it is needed), the oclif manifest and the
// code cache for this version of Node. Run by `npm run build` and, through `prepare`, by `npm ci`.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = dirname(fileURLToPath(import.meta.url))
const dist = join(root, 'dist')

/** Modules that become bundles of their own. They import vendor packages only, so that no class of ours exists twice. */
const sdkFolder = join(root, 'src', 'sdk')
const sdkModules = readdirSync(sdkFolder).filter((name) => /^[\w-]+\.ts$/.test(name) && name !== 'index.ts')

/** @type {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  legalComments: 'none',
  logLevel: 'warning',
  absWorkingDir: root,
  // A bundle is loaded with `require`, through the code cache, never with `import()`.
  supported: { 'dynamic-import': false },
}

/** `import('../sdk/pg.ts')` stays a lazy load of `dist/sdk/pg.cjs`. */
const sdkAsSeparateBundles = {
  name: 'sdk-as-separate-bundles',
  setup(build) {
    build.onResolve({ filter: /[/]sdk[/][\w-]+\.ts$/ }, (args) => {
      if (args.kind !== 'dynamic-import') {
        return {
          errors: [{ text: `${args.path} must be loaded with import(), where it is needed: it holds a vendor SDK` }],
        }
      }
      return { path: `./sdk/${basename(args.path, '.ts')}.cjs`, external: true }
    })
  },
}

/** In an SDK bundle, a module of ours would be a second copy: `instanceof EscError` would not see through it. */
const sdkImportsVendorsOnly = {
  name: 'sdk-imports-vendors-only',
  setup(build) {
    build.onResolve({ filter: /^\.\.?[/]/ }, (args) =>
      args.importer.startsWith(sdkFolder) && !args.path.includes('/sdk/') && args.path.startsWith('../')
        ? { errors: [{ text: `an SDK module imports vendor packages only, not ${args.path}` }] }
        : undefined,
    )
  },
}

/**
 * Rooms are imported through their `index.ts`, which would load every file of a room for the sake of one. No module of ours does
 * anything by being loaded, so in the bundle an import goes straight to the file that holds the name.
 */
const pastFrontDoors = {
  name: 'past-front-doors',
  setup(build) {
    build.onLoad({ filter: /[/]src[/].*\.ts$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8').replace(
        /^import \{([^}]*)\} from '(\.[^']*[/]index\.ts)'/gm,
        (statement, names, door) => directImports(statement, names, join(dirname(path), door)),
      )
      return { contents, loader: 'ts' }
    })
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

const doors = new Map()

/** Where each value that an `index.ts` exports is made. */
function homesOf(door) {
  const known = doors.get(door)
  if (known !== undefined) return known
  const homes = new Map()
  const source = readFileSync(door, 'utf8')
  for (const [, names, file] of source.matchAll(/^export \{([^}]*)\} from '([^']+)'/gm)) {
    for (const each of names.split(',')) {
      const [, name, shown = name] = /^\s*(\w+)(?:\s+as\s+(\w+))?\s*$/.exec(each) ?? []
      if (name !== undefined) homes.set(shown, { name, file: join(dirname(door), file) })
    }
  }
  for (const [, file] of source.matchAll(/^export \* from '([^']+)'/gm)) {
    const target = join(dirname(door), file)
    for (const [, name] of readFileSync(target, 'utf8').matchAll(EXPORTED_VALUE))
      homes.set(name, { name, file: target })
  }
  for (const [, name] of source.matchAll(EXPORTED_VALUE)) homes.set(name, { name, file: door })
  doors.set(door, homes)
  return homes
}

const EXPORTED_VALUE = /^export (?:async )?(?:function\*? |const |let |(?:abstract )?class )(\w+)/gm

/**
 * The store reads most settings without a YAML library; when it needs one, it needs it at once. So `yaml` becomes functions that load
 * `dist/sdk/yaml.cjs` when they are first called.
 */
const yamlOnDemand = {
  name: 'yaml-on-demand',
  setup(build) {
    const names = ['parse', 'parseDocument', 'stringify']
    build.onResolve({ filter: /^yaml$/ }, () => ({ path: 'yaml', namespace: 'on-demand' }))
    build.onLoad({ filter: /.*/, namespace: 'on-demand' }, () => ({
      contents: names
        .map((name) => `export const ${name} = (...args) => require('./sdk/yaml.cjs').${name}(...args)`)
        .join('\n'),
      loader: 'js',
    }))
    build.onResolve({ filter: /^\.[/]sdk[/]yaml\.cjs$/, namespace: 'on-demand' }, ({ path }) => ({
      path,
      external: true,
    }))
  },
}

/** Code of plugins is loaded by Node itself, ES module or not: `bin/code-cache.cjs` hands its own `import()` in. */
const pluginsByNode = {
  name: 'plugins-by-node',
  setup(build) {
    build.onLoad({ filter: /[/]src[/]plugins[/]import-module\.ts$/ }, () => ({
      contents: 'export const importModule = (url) => require.importModule(url)',
      loader: 'js',
    }))
  },
}

/** The first `localeCompare` of a process loads ICU collation: 11 ms for sorting command names. */
const sortWithoutCollation = {
  name: 'sort-without-collation',
  setup(build) {
    build.onLoad({ filter: /@oclif[/]core[/]lib[/]config[/]plugin\.js$/ }, (args) => {
      const source = readFileSync(args.path, 'utf8')
      const slow = 'a.id.localeCompare(b.id)'
      if (!source.includes(slow)) {
        return { errors: [{ text: `${slow} is not in ${args.path} any more: look whether sorting still loads ICU` }] }
      }
      return { contents: source.replace(slow, '(a.id < b.id ? -1 : a.id > b.id ? 1 : 0)'), loader: 'js' }
    })
  },
}

/**
 * Puts the digest of a bundle into its first line: `bin/code-cache.cjs` names the cache after it. What esbuild left outside ASCII
 * (in regular expressions) is escaped, so that the bundle can be read as latin1.
 */
function stamp(file) {
  const source = readFileSync(file, 'utf8').replace(
    /[^\x00-\x7f]/g,
    (char) => '\\u' + char.charCodeAt(0).toString(16).padStart(4, '0'),
  )
  const digest = createHash('sha256').update(source).digest('hex')
  // Wrapped here, because joining strings of this size takes time at every start.
  writeFileSync(
    file,
    `// sha256:${digest}\n(function (exports, require, module, __filename, __dirname) {${source}\n})\n`,
  )
}

/** Types of what plugins import. They are checked with everything else (`npm run typecheck`), not here. */
async function declarations() {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const compiler = spawn(process.execPath, [tsc, '-p', 'tsconfig.declarations.json'], { cwd: root, stdio: 'inherit' })
  const status = await new Promise((resolve) => compiler.on('close', resolve))
  if (status !== 0) throw new Error('the declarations of esc/plugin and esc/testkit could not be made')
  const types = join(dist, 'types')
  const needed = new Set()
  const need = (file) => {
    if (needed.has(file)) return
    needed.add(file)
    for (const [, path] of readFileSync(file, 'utf8').matchAll(/(?:from|import\() ?['"](\.[^'"]+)\.[jt]s['"]/g))
      need(join(dirname(file), `${path}.d.ts`))
  }
  need(join(types, 'plugin.d.ts'))
  need(join(types, 'testkit', 'index.d.ts'))
  for (const entry of readdirSync(types, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    if (entry.isFile() && !needed.has(file)) rmSync(file)
  }
}

rmSync(dist, { recursive: true, force: true })
mkdirSync(join(dist, 'cache'), { recursive: true })
await Promise.all([
  build({
    ...common,
    entryPoints: [join(root, 'src/commands/framework/main.ts')],
    outfile: join(dist, 'cli.cjs'),
    plugins: [sdkAsSeparateBundles, yamlOnDemand, pluginsByNode, pastFrontDoors],
  }),
  // What plugins and their tests import: ES modules that stand alone.
  ...Object.entries({ plugin: 'plugin.ts', testkit: 'testkit/index.ts' }).map(([name, entry]) =>
    build({
      ...common,
      format: 'esm',
      entryPoints: [join(root, 'src', entry)],
      outfile: join(dist, `${name}.js`),
      plugins: [pastFrontDoors],
    }),
  ),
  declarations(),
  ...sdkModules.map((name) =>
    build({
      ...common,
      entryPoints: [join(sdkFolder, name)],
      outfile: join(dist, 'sdk', `${basename(name, '.ts')}.cjs`),
      // The ES module entry of the AWS clients tree-shakes to a quarter.
      mainFields: ['module', 'main'],
      minify: true,
      plugins: [sdkImportsVendorsOnly, sortWithoutCollation],
    }),
  ),
])
stamp(join(dist, 'cli.cjs'))
for (const name of sdkModules) stamp(join(dist, 'sdk', `${basename(name, '.ts')}.cjs`))

// In a process of its own: what the bundle does at run time must not depend on this one.
const finish = spawnSync(process.execPath, [join(root, 'bin', 'finish-build.cjs')], { stdio: 'inherit', cwd: root })
process.exitCode = finish.status ?? 1
