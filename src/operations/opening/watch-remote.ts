import { messageOf } from '../../errors.ts'
import { rich } from '../../rich-text.ts'
import { resolveVersion } from '../revisions/history.ts'
import type { Session } from '../session/session.ts'
import { openEnvironment } from './open-environment.ts'
import type { OpenedEnvironment } from './opened-environment.ts'
import type { NewVersion, WatchOptions } from './watch-environment.ts'

/** The server is asked so often. */
const POLL_MS = 2000
/** A version that could not be opened is tried again, in case a vendor was away. */
const RETRY_MS = 30_000

/**
 * Waits, as `nextVersion` does, for a new version of an environment on a server: what it is made of
 * is asked for by the numbers of the revisions. `undefined`: the signal has ended the wait.
 */
export async function nextRemoteVersion(
  current: OpenedEnvironment,
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
    await pause(POLL_MS, signal)
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

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    if (signal.aborted) done()
    else signal.addEventListener('abort', done, { once: true })
  })
}
