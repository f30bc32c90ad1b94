import type { Stamp } from '../../store/index.ts'
import type { Workspace } from './workspace.ts'

/** Tells who does something now. */
export async function stamp(workspace: Workspace): Promise<Stamp> {
  return { author: await workspace.author(), created: workspace.host.now() }
}
