import { hasDueDeliveries } from '../../operations/index.ts'
import type { Host } from './host.ts'
import { workspacesOf } from './opened.ts'

/** Of those that wait longer, the next command is reminded. */
const waitMinutes = 2

/**
 * Has what is due to webhooks sent by a process of its own, which nobody waits for. Looks at the
 * stores that the command has opened; that costs less than a millisecond, and a failure to look is
 * no failure of the command.
 */
export function startDeliveries(io: Host): void {
  if (io.startInBackground === undefined || io.env.ESC_NO_BACKGROUND) return
  for (const { store } of workspacesOf(io)) {
    try {
      if (!hasDueDeliveries(store.state.folder, io.now().getTime())) continue
      io.startInBackground(['env', 'webhook', 'deliver', '--store', store.folder, '--wait', `${waitMinutes}m`])
    } catch {}
  }
}
