import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Asset, ConsoleAssets } from './assets.ts'

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** Reads the console that the build has made in a folder. `undefined` where there is none. */
export function loadAssets(folder: string): ConsoleAssets | undefined {
  let manifest: Omit<ConsoleAssets, 'files'>
  try {
    manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))
  } catch {
    return undefined
  }
  const files = new Map<string, Asset>()
  for (const name of readdirSync(join(folder, 'assets'))) {
    const type = types[extname(name)]
    if (type === undefined) continue
    const bytes = readFileSync(join(folder, 'assets', name))
    files.set(name, { type, bytes, compressed: gzipSync(bytes, { level: 9 }) })
  }
  return { ...manifest, files }
}
