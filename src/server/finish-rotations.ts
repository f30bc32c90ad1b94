import { EscError, messageOf } from '../errors.ts'
import { rotateEnvironment, type Session, storeStatus } from '../operations/index.ts'

interface FinishOptions {
  readonly stop: AbortSignal
  readonly abort: AbortSignal
  readonly say: (line: string) => void
}

/**
 * Finishes the rotations that were cut off when a server of this machine ended: a credential that
 * works is saved, one that does not is removed. What cannot be finished now stays in the journal.
 *
 * @param open the store as it is now.
 */
export async function finishRotations(open: () => Session, { stop, abort, say }: FinishOptions): Promise<void> {
  try {
    const { unfinished } = (await open().perform(storeStatus, undefined)).result
    for (const name of unfinished) {
      if (stop.aborted) return
      await finishOne(open(), name, { abort, say })
    }
  } catch (error) {
    say(`unfinished rotations were not looked for: ${messageOf(error)}`)
  }
}

async function finishOne(
  session: Session,
  name: string,
  { abort, say }: Pick<FinishOptions, 'abort' | 'say'>,
): Promise<void> {
  try {
    const input = { paths: [], mode: 'resume', onProgress: () => {} } as const
    const { result } = await session.perform(rotateEnvironment, session.reference(name), input, { signal: abort })
    const failed = result.paths.filter(({ status }) => status !== 'succeeded')
    for (const { path, error } of failed) say(`${name}: ${path}: the rotation stays unfinished: ${error ?? ''}`)
    if (failed.length === 0) say(`${name}: finished the rotation that was cut off`)
  } catch (error) {
    // Whoever has the lock is at it.
    if (error instanceof EscError && error.code === 'locked') return
    say(`${name}: the rotation stays unfinished: ${messageOf(error)}`)
  }
}
