// Builds the console into `dist/console`: a bundle for the first page, and one for each screen that
// few need, such as the editor. Names hold the digest of the content, so that browsers keep them.
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'esbuild'
import { PurgeCSS } from 'purgecss'

/** @param {string} root the folder of the package. */
export async function buildConsole(root) {
  const outdir = join(root, 'dist', 'console')
  const assets = join(outdir, 'assets')
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
    outdir: assets,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    tsconfigRaw: {},
  })
  const made = Object.entries(metafile.outputs)
  const entry = (name) => made.find(([, { entryPoint }]) => entryPoint === name)?.[0] ?? ''
  const script = entry('src/console/main.tsx')
  mkdirSync(outdir, { recursive: true })
  const manifest = {
    script: basename(script),
    /** Bundles that the script imports before it runs: browsers load them at once. */
    preload: [...neededBy(script, metafile)].map((path) => basename(path)),
    style: await usedStyle(root, join(root, entry('src/console/style.css')), assets),
  }
  manifest.files = readdirSync(assets).sort()
  writeFileSync(join(outdir, 'manifest.json'), `${JSON.stringify(manifest)}\n`)
}

/** Bundles that a bundle imports statically, and those that they import. */
function neededBy(path, metafile, found = new Set()) {
  for (const { path: imported, kind } of metafile.outputs[path]?.imports ?? []) {
    if (kind !== 'import-statement' || found.has(imported)) continue
    found.add(imported)
    neededBy(imported, metafile, found)
  }
  return found
}

/** Takes the rules out of a style sheet that no page uses, and returns the name of what is left. */
async function usedStyle(root, path, assets) {
  const [{ css }] = await new PurgeCSS().purge({
    content: [join(root, 'src/console/**/*.{ts,tsx}')],
    skippedContentGlobs: [join(root, 'src/console/*-style.ts')],
    css: [{ raw: readFileSync(path, 'utf8') }],
    variables: true,
    // The page itself, and what the editor makes.
    safelist: { standard: [':root', 'html', 'body'], greedy: [/cm-/] },
  })
  rmSync(path)
  const name = `style-${createHash('sha256').update(css).digest('hex').slice(0, 8).toUpperCase()}.css`
  writeFileSync(join(assets, name), css)
  return name
}
