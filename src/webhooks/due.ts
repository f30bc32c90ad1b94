import { type FileSystem, machineFiles } from '../files/index.ts'
import { stateLayout } from '../store/index.ts'
import { Announcements } from './announcements.ts'
import { Outbox } from './outbox.ts'

/**
 * True when there is anything to be sent now, or a dead process's announcement to be looked into.
 * Cheap: one folder, one file.
 * @param state folder of what this machine keeps about the store.
 */
export function hasDue(state: string, now: number, files: FileSystem = machineFiles): boolean {
  // Most stores have no webhooks.
  if (!files.exists(stateLayout.webhooks(state))) return false
  const next = new Outbox(state, files).next
  return (next !== undefined && next <= now) || new Announcements(state, files).any
}
