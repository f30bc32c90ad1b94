// Builds the executables: Node, with the bundles of dist/ inside, in one file that needs neither
// Node nor npm where it runs (https://nodejs.org/api/single-executable-applications.html).
//   node packaging/executable.mjs [--out release] [x64] [arm64]      makes <out>/linux-<arch>/esc
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { inject } from 'postject'
import { NODE_VERSION, registryPackage, root, run } from './registry.mjs'

/** The name under which Node looks for what it is to run: fixed by Node. */
const RESOURCE = { name: 'NODE_SEA_BLOB', fuse: 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2' }

export const ARCHITECTURES = ['x64', 'arm64']

/**
 * Builds the executable of an architecture and returns its path.
 *
 * @throws Error where the Node of that architecture cannot be had.
 */
export async function buildExecutable(arch, release) {
  if (!existsSync(join(root, 'dist', 'cli.cjs'))) throw new Error('dist/ is not built\nhint: run "npm run build"')
  const node = join(registryPackage(`node-linux-${arch}@${NODE_VERSION}`), 'bin', 'node')
  // The Node that reads the configuration must be of the same version, and run here.
  const here = join(registryPackage(`node-linux-${process.arch}@${NODE_VERSION}`), 'bin', 'node')
  const stage = mkdtempSync(join(tmpdir(), 'esc-executable-'))
  try {
    const folder = join(release, `linux-${arch}`)
    const program = join(folder, 'esc')
    mkdirSync(folder, { recursive: true })
    const files = { ...packageFiles(arch === process.arch ? cachedDist(here, stage) : join(root, 'dist')) }
    files['dist/vendor/pty.cjs'] = await ptyBundle(stage)
    files['pty.node'] = join(registryPackage(`@lydell/node-pty-linux-${arch}@1.1.0`), 'pty.node')
    const blob = join(stage, 'blob')
    const settings = {
      main: await mainScript(stage),
      output: blob,
      assets: files,
      disableExperimentalSEAWarning: true,
      // What NODE_OPTIONS says is meant for the programs of the user.
      execArgvExtension: 'none',
    }
    writeFileSync(join(stage, 'settings.json'), JSON.stringify(settings))
    run(here, ['--experimental-sea-config', join(stage, 'settings.json')])
    rmSync(program, { force: true })
    cpSync(node, program)
    await quietly(() => inject(program, RESOURCE.name, readFileSync(blob), { sentinelFuse: RESOURCE.fuse }))
    chmodSync(program, 0o755)
    return program
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

/** The files that the program reads at run time: path in the package → file. */
function packageFiles(dist) {
  const isNeeded = (name) =>
    /^(?:(?:vendor\/)?[\w-]+\.cjs|cache\/.*|console\/.*|plugin\.js|third-party-licences\.txt)$/.test(name) &&
    !/^(?:sdk|testkit)/.test(name)
  const names = readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dist, join(entry.parentPath, entry.name)))
  const files = names.filter(isNeeded).map((name) => [`dist/${name}`, join(dist, name)])
  return Object.fromEntries([['package.json', join(root, 'package.json')], ...files.sort()])
}

/** A copy of dist/ with the code caches of the Node that is in the executable. */
function cachedDist(node, stage) {
  const copy = join(stage, 'package')
  for (const name of ['bin', 'dist', 'package.json']) cpSync(join(root, name), join(copy, name), { recursive: true })
  rmSync(join(copy, 'dist', 'cache'), { recursive: true, force: true })
  mkdirSync(join(copy, 'dist', 'cache'))
  run(node, [join(copy, 'bin', 'finish-build.cjs')], { cwd: copy })
  return join(copy, 'dist')
}

async function mainScript(stage) {
  const outfile = join(stage, 'main.cjs')
  await build({
    entryPoints: [join(root, 'packaging', 'executable', 'main.cjs')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minify: true,
    logLevel: 'warning',
    plugins: [importModuleOfExecutable],
  })
  return outfile
}

const importModuleOfExecutable = {
  name: 'import-module-of-executable',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/import-module\.cjs$/ }, () => ({
      path: join(root, 'packaging', 'executable', 'import-module.cjs'),
    }))
  },
}

/** `dist/vendor/pty.cjs` with the library in it, whose native part is a file of the executable. */
async function ptyBundle(stage) {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'src', 'vendor', 'pty.ts')],
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minify: true,
    write: false,
    logLevel: 'error',
    legalComments: 'none',
    plugins: [
      {
        name: 'native-part',
        setup({ onLoad }) {
          onLoad({ filter: /[/]node-pty[/]requireBinary\.js$/ }, () => ({
            contents: 'exports.requireBinary = (name) => require.nativePart(name)',
          }))
        },
      },
    ],
  })
  const source = outputFiles[0].text
  if (/[^\x00-\x7f]/.test(source)) throw new Error('the bundle of node-pty is not ASCII')
  const file = join(stage, 'pty.cjs')
  const digest = createHash('sha256').update(source).digest('hex')
  writeFileSync(file, `// sha256:${digest}\n(function (exports, require, module) {${source}\n})\n`)
  return file
}

/** The library warns of section names that every Node has. */
async function quietly(work) {
  const { error, warn, log } = console
  console.error = console.warn = console.log = () => {}
  try {
    await work()
  } finally {
    Object.assign(console, { error, warn, log })
  }
}

if (process.argv[1] === import.meta.filename) {
  try {
    const { values, positionals: asked } = parseArgs({
      options: { out: { type: 'string', default: join(root, 'release') } },
      allowPositionals: true,
    })
    for (const arch of asked.length > 0 ? asked : ARCHITECTURES) {
      if (!ARCHITECTURES.includes(arch))
        throw new Error(`unknown architecture "${arch}"\nhint: use ${ARCHITECTURES.join(' or ')}`)
      console.log(relative(process.cwd(), await buildExecutable(arch, resolve(values.out))))
    }
  } catch (error) {
    console.error(`Error: ${error.message}`)
    process.exitCode = 1
  }
}
