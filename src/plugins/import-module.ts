import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Loads a module from outside, ES or CommonJS, by the URL of its file. Alone in its file, because
 * the build turns every other `import()` into a `require` of a bundle of ours and gives this one a
 * loader that is Node's own (`esbuild.config.mjs`).
 */
export function importModule(url: string): Promise<unknown> {
  return import(url)
}

/** Folder of the package `esc` that is running. */
export const packageFolder = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
