import { lstatSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Closure } from './closure.ts'

/** A file or folder of somebody else, whose content could be changed after it was looked at. */
export interface OthersFile {
  readonly path: string
  readonly uid: number
}

/**
 * The first file that belongs to neither this user nor root: among these paths, or in a closure.
 * Undefined: there is none, or this system has no owners.
 */
export function foreignFile(paths: readonly string[], closure?: Closure): OthersFile | undefined {
  const me = process.geteuid?.()
  if (me === undefined) return undefined
  const seen = new Set<string>()
  const check = (path: string): OthersFile | undefined => {
    if (seen.has(path)) return undefined
    seen.add(path)
    const { uid } = lstatSync(path)
    return uid === me || uid === 0 ? undefined : { path, uid }
  }
  for (const path of paths) {
    const foreign = check(path)
    if (foreign !== undefined) return foreign
  }
  for (const { folder, files } of closure?.packages ?? []) {
    const foreign = check(folder)
    if (foreign !== undefined) return foreign
    for (const { path } of files) {
      // Whoever owns the folder of a file can replace the file.
      for (let at = join(folder, path); at.length > folder.length; at = dirname(at)) {
        const found = check(at)
        if (found !== undefined) return found
      }
    }
  }
  return undefined
}
