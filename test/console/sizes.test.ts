import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { repositoryRoot } from '../sources.ts'

const folder = join(repositoryRoot, 'dist', 'console')
const compressed = (name: string) => gzipSync(readFileSync(join(folder, 'assets', name)), { level: 9 }).length

/** Names of the bundles that a bundle loads, all that they load included. */
function reached(name: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(name)) return found
  found.add(name)
  const text = readFileSync(join(folder, 'assets', name), 'utf8')
  for (const [, other = ''] of text.matchAll(/["']\.\/([\w-]+\.js)["']/g)) reached(other, found)
  return found
}

describe('the size of the console', () => {
  before(function () {
    if (!existsSync(join(folder, 'manifest.json'))) this.skip()
  })

  it('is at most 25 KiB for the first page, and 220 KiB for everything with the editor', () => {
    const { script, preload, style } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))
    const first = [script, style, ...preload].reduce((sum: number, name: string) => sum + compressed(name), 0)
    expect(first).to.be.at.most(25 * 1024)
    // The graph alone loads what places its boxes, and never the editor.
    const withEditor = [...reached(script)].filter((name) => !name.startsWith('dagre-'))
    const all = withEditor.reduce((sum, name) => sum + compressed(name), compressed(style))
    expect(all)
      .to.be.above(first)
      .and.at.most(220 * 1024)
  })
})
