// Where the tests find this repository and its modules. `npm test` runs them compiled, from
// `.compiled` (test/run.mjs).
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const compiled = import.meta.url.endsWith('.js')
const folder = dirname(dirname(fileURLToPath(import.meta.url)))

/** The folder of this repository. */
export const repositoryRoot = compiled ? dirname(folder) : folder

/** The path of what may stand beside the clone, such as `shared/conformance`. */
export function besideClone(path: string): string {
  return join(dirname(repositoryRoot), path)
}

/** The file to import for a source that was found by an `import.meta.url`, with its query. */
export function importable(source: string): string {
  return compiled ? source.replace(/\.ts(?=$|\?)/, '.js') : source
}

/** A module of the tests that another process runs, and the options that Node needs for it. */
export interface OwnScript {
  readonly path: string
  readonly execArgv: readonly string[]
}

/**
 * The module at `./name.ts` beside the one whose `import.meta.url` is given, for `spawn` and
 * `fork`.
 */
export function ownScript(name: string, importer: string): OwnScript {
  const path = importable(fileURLToPath(new URL(name, importer)))
  return { path, execArgv: compiled ? [] : ['--import', 'tsx/esm'] }
}
