import { type FileSystem, machineFiles } from '../files/index.ts'
import { layout } from '../store/index.ts'
import { Announcements } from './announcements.ts'
import { Outbox } from './outbox.ts'

/** Whether there is anything to be sent now, or a dead process's announcement to be looked into. Cheap: one folder, one file. */
export function hasDue(store: string, now: number, files: FileSystem = machineFiles): boolean {
  // Most stores have no webhooks.
  if (!files.exists(layout.webhooks(store))) return false
  const next = new Outbox(store, files).next
  return (next !== undefined && next <= now) || new Announcements(store, files).any
}
