// `npm run site`: makes a site of the pages of `docs` in `dist/docs`. VitePress and Mermaid are
// installed into a temporary folder: they weigh more than everything else, and nothing but this
// needs them. A link that leads nowhere fails the build.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sidebarOf } from './navigation.ts'
import { pageForSite, pathOnSite } from './page.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const here = dirname(fileURLToPath(import.meta.url))
const docs = join(root, 'docs')
const target = join(root, 'dist', 'docs')

const PACKAGES = ['vitepress@1.6.4', 'mermaid@11.12.1', 'vue@3.5.22']

const folder = mkdtempSync(join(tmpdir(), 'esc-site-'))
try {
  const pages = join(folder, 'pages')
  const titleOf = (path: string) => /^# (.+)$/m.exec(readFileSync(join(docs, path), 'utf8'))?.[1] ?? path
  for (const path of readdirSync(docs, { recursive: true, encoding: 'utf8' })) {
    const to = join(pages, path.endsWith('.md') ? pathOnSite(path) : path)
    mkdirSync(dirname(to), { recursive: true })
    if (path.endsWith('.md')) writeFileSync(to, pageForSite(path, readFileSync(join(docs, path), 'utf8'), titleOf))
    if (path.endsWith('.png')) cpSync(join(docs, path), to)
  }
  cpSync(join(here, 'vitepress'), join(pages, '.vitepress'), { recursive: true })
  const index = readFileSync(join(docs, 'README.md'), 'utf8')
  writeFileSync(join(pages, '.vitepress', 'sidebar.json'), JSON.stringify(sidebarOf(index, titleOf)))
  writeFileSync(join(folder, 'package.json'), '{"type": "module", "private": true}\n')
  const options = { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] as const }
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--silent', ...PACKAGES], options as never)
  execFileSync('npx', ['vitepress', 'build', 'pages'], { cwd: folder, stdio: 'inherit' })
  rmSync(target, { recursive: true, force: true })
  cpSync(join(pages, '.vitepress', 'dist'), target, { recursive: true })
  process.stdout.write(`${target}\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
