import type { FileSystem } from '../files/index.ts'
import { hasRevisions, layout } from './layout.ts'
import { finishSwap } from './revisions/swap.ts'

/**
 * True when a store has an environment.
 * @param name project and name.
 */
export function hasEnvironment(files: FileSystem, store: string, name: string): boolean {
  const folder = layout.environment(store, name)
  const there = () => files.exists(layout.settings(folder))
  // Revisions without settings, and so without the key, are a damaged environment and not none.
  return there() || (finishSwap(files, folder) && there()) || hasRevisions(files, folder)
}
