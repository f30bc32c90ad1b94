// Builds `dist/`: one bundle for the program, one for each vendor SDK (loaded only when it is
// needed), the oclif manifest and the code cache for this version of Node. Run by `npm run build`
// and, through the script `dependencies`, by `npm ci`.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { buildConsole } from './esbuild/console.mjs'
import { pastFrontDoors } from './esbuild/front-doors.mjs'
import { buildLayers } from './esbuild/layers.mjs'
import { thirdPartyLicences } from './esbuild/third-party-licences.mjs'
import { writeManPages } from './packaging/man-pages.mjs'

const root = dirname(fileURLToPath(import.meta.url))
const dist = join(root, 'dist')

/**
 * Modules that become bundles of their own. They import vendor packages only, so that no class of
 * ours exists twice.
 */
const vendorFolder = join(root, 'src', 'vendor')
const vendorModules = readdirSync(vendorFolder).filter((name) => /^[\w-]+\.ts$/.test(name) && name !== 'index.ts')

/** Changes with whatever the program is made of. */
function buildId() {
  const digest = createHash('sha256')
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  const files = sources.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  for (const file of [...files.sort(), join(root, 'package.json')]) digest.update(readFileSync(file)).update('\0')
  return digest.digest('base64url').slice(0, 22)
}

/** @type {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  legalComments: 'none',
  logLevel: 'warning',
  // A later bundle lends functions and classes only: a constant of it would be undefined at run
  // time.
  logOverride: { 'import-is-undefined': 'error' },
  absWorkingDir: root,
  define: { ESC_BUILD_ID: JSON.stringify(buildId()) },
  // A bundle is loaded with `require`, through the code cache, never with `import()`.
  supported: { 'dynamic-import': false },
}

/** Native parts of a library that does without them: the same code runs on every machine. */
const withoutNativeParts = {
  name: 'without-native-parts',
  setup(build) {
    build.onResolve({ filter: /^cpu-features$|\.node$/ }, ({ path }) => ({ path, namespace: 'native' }))
    build.onLoad({ filter: /.*/, namespace: 'native' }, () => ({ contents: `throw new Error('not here')` }))
  },
}

/** `import('../vendor/pg.ts')` stays a lazy load of `dist/vendor/pg.cjs`. */
const vendorsAsSeparateBundles = {
  name: 'vendors-as-separate-bundles',
  setup(build) {
    build.onResolve({ filter: /[/]vendor[/][\w-]+\.ts$/ }, (args) => {
      if (args.kind !== 'dynamic-import') {
        return {
          errors: [{ text: `${args.path} must be loaded with import(), where it is needed: it holds a vendor SDK` }],
        }
      }
      return { path: `./vendor/${basename(args.path, '.ts')}.cjs`, external: true }
    })
  },
}

/**
 * In an SDK bundle, a module of ours would be a second copy: `instanceof EscError` would not see
 * through it.
 */
const onlyPackagesInVendor = {
  name: 'only-packages-in-vendor',
  setup(build) {
    build.onResolve({ filter: /^\.\.?[/]/ }, (args) =>
      args.importer.startsWith(vendorFolder) && !args.path.includes('/vendor/') && args.path.startsWith('../')
        ? { errors: [{ text: `an SDK module imports vendor packages only, not ${args.path}` }] }
        : undefined,
    )
  },
}

/**
 * Makes functions, and classes, of libraries that are imported statically load the library when
 * they are first called. Whatever else a function has, such as what `promisify` asks it for, is not
 * there.
 *
 * @param {Record<string, { home: string, names: string[] }>} libraries where each is, and what of
 * it may be used.
 */
const onDemand = (libraries) => ({
  name: 'on-demand',
  setup(build) {
    const namespace = `on-demand-${Object.keys(libraries).join('-').replaceAll(':', '-')}`
    build.onResolve({ filter: new RegExp(`^(?:${Object.keys(libraries).join('|')})$`) }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace } : { path: libraries[path].home, external: true },
    )
    build.onLoad({ filter: /.*/, namespace }, ({ path }) => {
      const { home, names } = libraries[path]
      const lines = names.map(
        (name) => `export function ${name}(...args) {
          const { ${name}: own } = (library ??= require('${home}'))
          return ${/^[A-Z]/.test(name) ? 'new.target ? new own(...args) : ' : ''}own(...args)
        }`,
      )
      return { contents: ['let library', ...lines].join('\n'), loader: 'js' }
    })
    build.onResolve({ filter: /^\.[/](?:vendor[/])?[\w-]+\.cjs$/, namespace }, ({ path }) => ({ path, external: true }))
  },
})

/** Modules of Node, with all their functions. */
async function builtins(...homes) {
  const libraries = {}
  for (const home of homes) {
    const library = await import(home)
    libraries[home] = { home, names: Object.keys(library).filter((name) => typeof library[name] === 'function') }
  }
  return libraries
}

const rarelyNeeded = onDemand({
  // The store reads most settings without a YAML library; when it needs one, it needs it at once.
  yaml: { home: './vendor/yaml.cjs', names: ['parse', 'parseDocument', 'stringify'] },
  // The evaluator compiles patterns in the midst of its work, which never waits.
  re2js: { home: './vendor/re2js.cjs', names: ['re'] },
  ...(await builtins('node:net', 'node:os')),
})

/** In the first bundle everything is run when it is loaded, and so would be these. */
const notByAll = onDemand(await builtins('node:child_process', 'node:crypto'))

/** The number is all that every command's bundle needs of package.json. */
const versionOnly = {
  name: 'version-only',
  setup(build) {
    build.onResolve({ filter: /[/]package\.json$/ }, ({ path, importer }) =>
      importer.endsWith('/src/cli/commands/version.ts') ? { path, namespace: 'version-only' } : undefined,
    )
    build.onLoad({ filter: /.*/, namespace: 'version-only' }, () => ({
      contents: JSON.stringify({ version: JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version }),
      loader: 'json',
    }))
  },
}

/**
 * Code of plugins is loaded by Node itself, ES module or not: `bin/run.cjs` hands its own
 * `import()` in.
 */
const pluginsByNode = {
  name: 'plugins-by-node',
  setup(build) {
    build.onLoad({ filter: /[/]src[/]plugins[/]import-module\.ts$/ }, () => ({
      contents: `export const importModule = (url) => require.importModule(url)
export const packageFolder = require.packageFolder
export const isHeldInExecutable = () => packageFolder === undefined
export const packageFile = (name) => require.packageFile(name)`,
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
 * Puts a bundle into the file of another. A function that is not called costs nothing but the time
 * to read its text; a file of its own costs a call of the system and a code cache more.
 */
function embed(part, file) {
  const text = readFileSync(part, 'utf8')
  const held = `require.hold('${basename(part)}', function (exports, require, module) {${text}\n});\n`
  writeFileSync(file, held + readFileSync(file, 'utf8'))
  rmSync(part)
}

/**
 * Puts the digest of a bundle into its first line: `bin/run.cjs` names the cache after it. What
 * esbuild left outside ASCII (in regular expressions) is escaped, so that every character of it is
 * one byte.
 */
function stamp(file) {
  const source = readFileSync(file, 'utf8').replace(
    /[^\x00-\x7f]/g,
    (char) => '\\u' + char.charCodeAt(0).toString(16).padStart(4, '0'),
  )
  const digest = createHash('sha256').update(source).digest('hex')
  // Wrapped here, because joining strings of this size takes time at every start.
  writeFileSync(file, `// sha256:${digest}\n(function (exports, require, module) {${source}\n})\n`)
}

/**
 * Types of what plugins import. They are checked with everything else (`npm run typecheck`), not
 * here.
 */
async function declarations() {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const compiler = spawn(process.execPath, [tsc, '-p', 'tsconfig.declarations.json'], { cwd: root, stdio: 'inherit' })
  const status = await new Promise((resolve) => compiler.on('close', resolve))
  if (status !== 0) throw new Error('the declarations could not be made')
  const types = join(dist, 'types')
  const need = (file, needed) => {
    if (needed.has(file)) return needed
    needed.add(file)
    for (const [, path] of readFileSync(file, 'utf8').matchAll(/(?:from|import\() ?['"](\.[^'"]+)\.[jt]s['"]/g))
      need(join(dirname(file), `${path}.d.ts`), needed)
    return needed
  }
  const needed = need(join(types, 'sdk', 'index.d.ts'), new Set())
  need(join(types, 'plugin.d.ts'), needed)
  need(join(types, 'testkit', 'index.d.ts'), needed)
  for (const entry of readdirSync(types, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    if (entry.isFile() && !needed.has(file)) rmSync(file)
  }
  // The same for programs that use require(): this package's own type is "module".
  const forRequire = join(dist, 'types-cjs')
  for (const file of needed) cpSync(file, join(forRequire, relative(types, file)))
  writeFileSync(join(forRequire, 'package.json'), '{"type":"commonjs"}\n')
}

/** Commands that scripts call all day: they are in the first bundle, with all they need. */
const EVERYDAY = ['version', 'open', 'env/open'].map((name) => `src/cli/commands/${name}.ts`)

/** A bundle that the first file holds too. */
const RUN = [
  'src/cli/commands/env/run.ts',
  'src/cli/commands/run.ts',
  'src/raw-bytes.ts',
  'src/operations/opening/suspect-variables.ts',
  'src/operations/opening/program-environment.ts',
  'src/operations/opening/temporary-folder.ts',
]

/**
 * Who is at work, messages, and what this machine has not seen before: a file of its own, because
 * what the first one holds makes the code cache larger that every `open` and `run` reads.
 */
const OFTEN = [
  'src/audit/events.ts',
  'src/rich-text.ts',
  'src/cli/framework/hidden-words.ts',
  'src/cli/framework/selected.ts',
  'src/cli/framework/several-text.ts',
  'src/keys/new-key.ts',
  'src/files/changes.ts',
  'src/git/configured-identity.ts',
  'src/git/repository.ts',
  'src/store/revisions/compare-with-memory.ts',
  'src/store/environment-events.ts',
  'src/store/keys/key-proof.ts',
  'src/store/keys/key-trust.ts',
  'src/operations/session/unvouched.ts',
  'src/operations/opening/misread-variables.ts',
  'src/cli/terminal/concealed-text.ts',
  'src/cli/terminal/diagnostics.ts',
  'src/cli/terminal/remedy-commands.ts',
  'src/cli/terminal/secret-looks.ts',
  'src/cli/terminal/wording.ts',
  'src/cli/framework/notice-text.ts',
  'src/operations/opening/dotenv-format.ts',
  'src/operations/references/selection.ts',
  'src/operations/words/value-path.ts',
]

/** What those load when they need it, as most do. */
const IN_ALL = ['src/keys/providers/default.ts']

/**
 * The evaluator, for what is not known from the last time, and what else is needed now and then.
 */
const CORE = [
  'src/operations/opening/evaluate-opened.ts',
  // For the first opening of an environment on a machine, which needs the evaluator too.
  'src/keys/key-signature.ts',
  'src/operations/definitions/draft-tree.ts',
  'src/cli/commands/env/get.ts',
  'src/cli/terminal/pty-program.ts',
]
/**
 * Imported by what every command loads, and needed by few. Of classes, only those that nothing asks
 * for with `instanceof`.
 */
const RARE = [
  'src/cli/framework/suggest-commands.ts',
  'src/webhooks/delivery-rows.ts',
  'src/access/decide.ts',
  'src/access/parse-rules.ts',
  'src/audit/shared-log.ts',
  'src/audit/verify.ts',
  'src/keys/key-hosts.ts',
  'src/keys/key-url.ts',
  'src/keys/providers/passphrase.ts',
  'src/http/special-addresses.ts',
  'src/read-json.ts',
  'src/store/postgres/open-database.ts',
  'src/store/state/earlier-state.ts',
  'src/store/settings/environment-tags.ts',
  'src/store/settings/settings-writer.ts',
  'src/store/change-environment.ts',
  'src/store/journal/journal.ts',
  'src/store/keys/key-changes.ts',
  'src/store/locks/leftovers.ts',
  'src/store/additions.ts',
  'src/store/background.ts',
  'src/store/environments.ts',
  'src/store/new-store.ts',
  'src/store/removal.ts',
  'src/store/upkeep.ts',
  'src/store/transfer/transfer.ts',
  'src/store/keys/store-keys.ts',
  'src/store/revisions/archive/packed-events.ts',
  'src/store/revisions/archive/packed-revisions.ts',
  'src/store/revisions/archive/packed-twice.ts',
  'src/store/revisions/history-errors.ts',
  'src/store/revisions/rolled-back.ts',
  'src/store/settings/encrypted-values.ts',
  'src/store/revisions/staging.ts',
  'src/store/folder/folder-journal.ts',
  'src/store/folder/folder-locks.ts',
  'src/store/revisions/swap.ts',
  'src/store/tree.ts',
  'src/store/folder/folder-turns.ts',
  'src/store/folder/write-locked.ts',
  'src/store/revisions/versions.ts',
  'src/store/revisions/append-revision.ts',
  'src/suggestion.ts',
  'src/trust/power.ts',
  'src/operations/folders/folder-decisions.ts',
  'src/operations/opening/yaml-format.ts',
  'src/operations/session/restriction.ts',
  'src/operations/servers/remote-session.ts',
]
const isRare = (file) =>
  RARE.includes(file) ||
  /^src[/]webhooks[/](?:announcements|any-webhooks|deliver|expand|headers|outbox|payload|post|reconcile|template|url|webhook)\.ts$/.test(
    file,
  )

/** Loaded by one command, which runs long: no other pays for it. */
const inLanguageServer = (file) => file.startsWith('src/lsp/')
const inServer = (file) => file.startsWith('src/server/')

const inCore = (file) =>
  CORE.includes(file) ||
  /^src[/](?:evaluate|language|schema|yaml)[/](?!diagnostic)/.test(file) ||
  /^src[/]keys[/]providers[/][a-z]+-url\.ts$/.test(file)

/** Every command by its id, as `registry.ts` finds them when the sources are run. */
const commandFolder = join(root, 'src', 'cli', 'commands')
const commandIds = readdirSync(commandFolder, { recursive: true })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => path.slice(0, -'.ts'.length).replace(/[\\/]/g, ':'))
  .sort()

/**
 * Which module holds which command, told by its id: a function that makes nothing until it is
 * called.
 */
function loadCommandText() {
  const cases = commandIds.map((id) => `case '${id}': return import('../commands/${id.replaceAll(':', '/')}.ts')\n`)
  return `const load = (id) => { switch (id) { ${cases.join('')} } }\nexport const loadCommand = async (id) => (await load(id)).default`
}

/**
 * The code that the library opens a store with is in the bundles of the program, and comes through
 * the code cache.
 */
const storeOfLibrary = {
  name: 'store-of-library',
  setup(build) {
    build.onLoad({ filter: /[/]sdk[/]load-local-store\.ts$/ }, () => ({
      contents: "export const loadLocalStore = () => require('../bin/run.cjs').load('cli.cjs').library()",
      loader: 'js',
    }))
    build.onResolve({ filter: /[/]run\.cjs$/ }, ({ path }) => ({ path, external: true }))
  },
}

/** Few programs hide secrets in their logs, or are tests. Values are read once a store is open. */
const rareInLibrary = onDemand({
  './log-masking.ts': { home: './sdk-masking.cjs', names: ['installLogMasking'] },
  './mock-store.ts': { home: './sdk-rare.cjs', names: ['mockStore'] },
  './value-path.ts': { home: './sdk-rare.cjs', names: ['segmentsOf', 'writtenPath', 'insteadOf'] },
})

/**
 * Classes that programs get from the library too are only there. `bin/run.cjs` asks Node for it.
 */
const classesOfLibrary = {
  name: 'classes-of-library',
  setup(build) {
    const shared = /^\.[/](?:environment|output|definition-error)\.ts$/
    build.onResolve({ filter: shared }, ({ importer }) =>
      importer.includes('/src/sdk/') ? { path: '../dist/sdk.cjs', external: true } : undefined,
    )
  },
}

/** @type {import('./esbuild/layers.mjs').Layer[]} */
const layers = [
  {
    outfile: join(dist, 'cli.cjs'),
    entry: 'src/index.ts',
    holds: (file) => EVERYDAY.includes(file) || IN_ALL.includes(file),
    borrows: (file) => RUN.includes(file) || OFTEN.includes(file) || inCore(file) || isRare(file),
    plugins: [notByAll],
  },
  {
    outfile: join(dist, 'run.cjs'),
    flat: true,
    holds: (file) => RUN.includes(file),
    borrows: (file) => OFTEN.includes(file) || inCore(file) || isRare(file),
    plugins: [notByAll],
  },
  {
    outfile: join(dist, 'often.cjs'),
    holds: (file) => OFTEN.includes(file),
    borrows: (file) => inCore(file) || isRare(file),
    plugins: [notByAll],
  },
  { outfile: join(dist, 'core.cjs'), holds: inCore },
  // What environments call by name.
  { outfile: join(dist, 'vendors.cjs'), holds: (file) => /^src[/](?:providers|rotators)[/]/.test(file) },
  { outfile: join(dist, 'rest.cjs'), holds: (file) => !inLanguageServer(file) && !inServer(file) },
  { outfile: join(dist, 'lsp.cjs'), holds: inLanguageServer },
  { outfile: join(dist, 'server.cjs'), holds: () => true },
]

rmSync(dist, { recursive: true, force: true })
mkdirSync(join(dist, 'cache'), { recursive: true })
const [, , , ...bundled] = await Promise.all([
  buildLayers(layers, {
    root,
    generated: {
      'src/cli/framework/load-command.ts': loadCommandText(),
      'src/cli/framework/registry.ts': `export const COMMANDS = ${JSON.stringify(commandIds)}`,
    },
    common: {
      ...common,
      plugins: [classesOfLibrary, vendorsAsSeparateBundles, rarelyNeeded, versionOnly, pluginsByNode],
    },
  }),
  declarations(),
  buildConsole(root),
  // What plugins and their tests import: modules that stand alone.
  ...Object.entries({ plugin: 'plugin.ts', testkit: 'testkit/index.ts' }).flatMap(([name, entry]) =>
    [
      { format: 'esm', extension: 'js' },
      { format: 'cjs', extension: 'cjs' },
    ].map(({ format, extension }) =>
      build({
        ...common,
        format,
        entryPoints: [join(root, 'src', entry)],
        outfile: join(dist, `${name}.${extension}`),
        metafile: true,
        minifyWhitespace: true,
        minifySyntax: true,
        plugins: [pastFrontDoors],
      }),
    ),
  ),
  // The library. What it needs for a store is in the bundles of the program, and shares its
  // classes.
  build({
    ...common,
    entryPoints: [join(root, 'src', 'sdk', 'index.ts')],
    outfile: join(dist, 'sdk.cjs'),
    metafile: true,
    minifyWhitespace: true,
    minifySyntax: true,
    plugins: [storeOfLibrary, rareInLibrary, pastFrontDoors],
  }),
  build({
    ...common,
    entryPoints: [join(root, 'src', 'sdk', 'log-masking.ts')],
    outfile: join(dist, 'sdk-masking.cjs'),
    metafile: true,
    minifyWhitespace: true,
    minifySyntax: true,
    plugins: [pastFrontDoors],
  }),
  build({
    ...common,
    stdin: {
      contents: "export * from './mock-store.ts'\nexport * from './value-path.ts'",
      resolveDir: join(root, 'src', 'sdk'),
    },
    outfile: join(dist, 'sdk-rare.cjs'),
    metafile: true,
    minifyWhitespace: true,
    minifySyntax: true,
    plugins: [classesOfLibrary, pastFrontDoors],
  }),
  ...vendorModules.map((name) =>
    build({
      ...common,
      entryPoints: [join(vendorFolder, name)],
      outfile: join(dist, 'vendor', `${basename(name, '.ts')}.cjs`),
      // The ES module entry of the AWS clients tree-shakes to a quarter.
      mainFields: ['module', 'main'],
      // Optional, and native: Node finds it, or not.
      external: ['@lydell/node-pty'],
      minify: true,
      metafile: true,
      plugins: [onlyPackagesInVendor, sortWithoutCollation, ...(name === 'ssh.ts' ? [withoutNativeParts] : [])],
      // The library names a program for agents of Windows, which is not used.
      ...(name === 'ssh.ts' && { define: { __dirname: '""' } }),
    }),
  ),
])
const metafiles = bundled.map(({ metafile }) => metafile)
writeFileSync(join(dist, 'third-party-licences.txt'), thirdPartyLicences(metafiles, root))
embed(join(dist, 'run.cjs'), join(dist, 'cli.cjs'))
for (const { outfile } of layers) if (existsSync(outfile)) stamp(outfile)
// For import, the same module with its names where Node looks for them: it reads the text of
// CommonJS for them, which takes 40 ms for that of the library. An ES module that calls require()
// takes 2 ms longer than this.
const names = Object.keys(createRequire(import.meta.url)(join(dist, 'sdk.cjs')))
const exported = names.sort().map((name) => `exports.${name}=m.${name}\n`)
writeFileSync(join(dist, 'sdk-import.cjs'), `const m=require('./sdk.cjs')\n${exported.join('')}`)
for (const name of vendorModules) stamp(join(dist, 'vendor', `${basename(name, '.ts')}.cjs`))

// In a process of its own: what the bundle does at run time must not depend on this one.
const finish = spawnSync(process.execPath, [join(root, 'bin', 'finish-build.cjs')], { stdio: 'inherit', cwd: root })
process.exitCode = finish.status ?? 1
if (finish.status === 0) writeManPages(root)
