/**
 * Loads what a store is opened with, when one is: programs that only import the library do not pay
 * for it. In the built library it comes from the bundles of the program (`esbuild.config.mjs`).
 */
export function loadLocalStore() {
  return import('./local-store.ts')
}
