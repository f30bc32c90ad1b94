// Builds the console into `dist/console`: a bundle for the first page, and one for each screen that
// few need, such as the editor. Names hold the digest of the content, so that browsers keep them.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'esbuild'

/** @param {string} root the folder of the package. */
export async function buildConsole(root) {
  const outdir = join(root, 'dist', 'console')
  rmSync(outdir, { recursive: true, force: true })
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['src/console/main.tsx', 'src/console/style.css'],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    outdir: join(outdir, 'assets'),
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    tsconfigRaw: {},
  })
  const made = Object.entries(metafile.outputs)
  const of = (entry) => basename(made.find(([, { entryPoint }]) => entryPoint === entry)?.[0] ?? '')
  mkdirSync(outdir, { recursive: true })
  const manifest = { script: of('src/console/main.tsx'), style: of('src/console/style.css') }
  writeFileSync(join(outdir, 'manifest.json'), `${JSON.stringify(manifest)}\n`)
}
