/** The exports of the bundles: the command line, and what the library needs of a store. */
export * from './cli/framework/main.ts'

/** Loads what the library opens a store with. */
export function library() {
  return import('./sdk/local-store.ts')
}
