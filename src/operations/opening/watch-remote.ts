import { messageOf } from '../../errors.ts'
import { rich } from '../../rich-text.ts'
import { resolveVersion } from '../revisions/history.ts'
import type { RemoteSession } from '../servers/remote-session.ts'
import { ServerChanges } from '../servers/server-changes.ts'
import type { Session } from '../session/session.ts'
import type { NewVersion, WatchOptions } from './new-version.ts'
import { openEnvironment } from './open-environment.ts'
import type { OpenedEnvironment } from './opened-environment.ts'

/** A server that does not tell of changes is asked so often. */
const POLL_MS = 2000
/** One that does is asked so often all the same. */
const LOOK_MS = 300_000
/** A version that could not be opened is tried again, in case a vendor was away. */
const RETRY_MS = 30_000

/**
 * Waits, as `nextVersion` does, for a new version of an environment on a server, which tells of
 * changes. What has changed is asked for by the numbers of the revisions. `undefined`: the signal
 * has ended the wait.
 */
export async function nextRemoteVersion(
  current: OpenedEnvironment,
  session: RemoteSession,
  options: WatchOptions,
): Promise<NewVersion | undefined> {
  const changes = new ServerChanges(
    session,
    current.used.map(({ name }) => name),
  )
  try {
    return await nextOf(current, changes, options)
  } finally {
    changes.close()
  }
}

async function nextOf(
  current: OpenedEnvironment,
  changes: ServerChanges,
  { reference, reopen, problem, signal }: WatchOptions,
): Promise<NewVersion | undefined> {
  let tried = ''
  let triedAt = 0
  while (!signal.aborted) {
    const change = await changeOf(current, reopen())
    if (change !== undefined && (change !== tried || performance.now() - triedAt > RETRY_MS)) {
      tried = change
      triedAt = performance.now()
      try {
        const { result: opened } = await reopen().perform(openEnvironment, reference, undefined, { signal })
        const mistake = opened.diagnostics.find(({ severity }) => severity === 'error')
        if (mistake === undefined) return { opened, change }
        problem(rich`${change}, which cannot be used: ${mistake.summary}`)
      } catch (error) {
        if (!signal.aborted) problem(rich`${change}, which cannot be used: ${messageOf(error)}`)
      }
    }
    const quietMs = change === undefined ? LOOK_MS : RETRY_MS
    await changes.next(changes.isHearing ? quietMs : POLL_MS, signal)
  }
  return undefined
}

/** Tells which of the environments in use is at another revision. `undefined`: none. */
async function changeOf({ used }: OpenedEnvironment, session: Session): Promise<string | undefined> {
  try {
    const changed: string[] = []
    for (const { name, version, revision } of used) {
      const subject = session.reference(version === undefined ? name : `${name}@${version}`)
      const { result } = await session.perform(resolveVersion, subject)
      if (result !== revision) changed.push(`${name} is at revision ${result}`)
    }
    return changed.length === 0 ? undefined : changed.join(', ')
  } catch {
    // A server that is away for a moment has nothing new to tell.
    return undefined
  }
}
