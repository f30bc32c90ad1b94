import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Loads a module from outside, ES or CommonJS, by the URL of its file. Alone in its file, because
 * the build turns every other `import()` into a `require` of a bundle of ours and gives this one a
 * loader that is Node's own (`esbuild.config.mjs`).
 */
export function importModule(url: string): Promise<unknown> {
  return import(url)
}

/**
 * Folder of the package `esc` that is running. Undefined in the executable, which has its files
 * inside.
 */
export const packageFolder: string | undefined = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** True when the running package is the executable. */
export function isHeldInExecutable(): boolean {
  return packageFolder === undefined
}

/**
 * Returns the bytes of a file of the package that is running, by its path in it.
 *
 * @throws Error where there is no such file.
 */
export function packageFile(name: string): Uint8Array {
  return readFileSync(join(packageFolder as string, name))
}
