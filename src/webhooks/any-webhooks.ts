import { join } from 'node:path'
import { type FileSystem, listIfPresent, readIfPresent } from '../files/index.ts'
import { layout } from '../store/index.ts'

/**
 * True when any environment of a store has webhooks; `first` is looked at before the others. Reads
 * no more than the beginning of lines: every writing command asks, also in stores that have none.
 * `files`: those of the store, which follow no links.
 */
export function anyWebhooks(store: string, first: string, files: FileSystem): boolean {
  if (mentions(files, layout.environment(store, first))) return true
  return listIfPresent(files, store).some((project) => {
    if (project.startsWith('.') || project.includes('.yaml')) return false
    const folder = layout.project(store, project)
    return listIfPresent(files, folder).some((name) => !name.startsWith('.') && mentions(files, join(folder, name)))
  })
}

function mentions(files: FileSystem, environment: string): boolean {
  const bytes = readIfPresent(files, layout.settings(environment))
  return bytes !== undefined && /^["']?webhooks["']?\s*:/m.test(Buffer.from(bytes).toString('latin1'))
}
