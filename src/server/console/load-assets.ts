import { extname } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Asset, ConsoleAssets } from './assets.ts'

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** The manifest that the build writes (`esbuild/console.mjs`). */
interface Manifest extends Omit<ConsoleAssets, 'files'> {
  readonly files: readonly string[]
}

/**
 * Reads the console that the build has made. `read` returns a file of it by its path, and throws
 * where there is none. `undefined`: there is no console.
 */
export function loadAssets(read: (path: string) => Uint8Array): ConsoleAssets | undefined {
  let manifest: Manifest
  try {
    manifest = JSON.parse(Buffer.from(read('manifest.json')).toString())
  } catch {
    return undefined
  }
  const files = new Map<string, Asset>()
  for (const name of manifest.files) {
    const type = types[extname(name)]
    if (type === undefined) continue
    const bytes = read(`assets/${name}`)
    files.set(name, { type, bytes, compressed: gzipSync(bytes, { level: 9 }) })
  }
  return { ...manifest, files }
}
