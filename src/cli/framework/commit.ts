import { commitChanges } from '../../operations/index.ts'
import type { Host } from './host.ts'
import { workspacesOf } from './opened.ts'
import { EXIT } from './report-error.ts'

/**
 * Commits to git what a command has changed, where that is asked for or the store's rule, and
 * returns the command's exit code: one that was a success is none when its commit failed, for a
 * machine that only looks at the code may throw its folder away.
 */
export async function commitAfter(
  code: number,
  { id, wanted, io }: { readonly id: string; readonly wanted: boolean | undefined; readonly io: Host },
): Promise<number> {
  let result = code
  for (const workspace of workspacesOf(io)) {
    const outcome = await commitChanges(workspace, { wanted, doing: `esc ${id.replaceAll(':', ' ')}` })
    if (outcome?.kind === 'committed' && outcome.warning) io.err(`warning: ${outcome.warning}\n`)
    if (outcome?.kind !== 'failed') continue
    io.err(`Error: ${outcome.warning}\nhint: ${outcome.hint}\n`)
    result ||= EXIT.failed
  }
  return result
}
