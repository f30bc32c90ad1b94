import { type FSWatcher, watch } from 'node:fs'
import { messageOf } from '../../errors.ts'
import { RichText, rich, type Text } from '../../rich-text.ts'
import { layout } from '../../store/index.ts'
import type { EnvironmentReference } from '../references/reference.ts'
import { RemoteSession } from '../servers/remote-session.ts'
import type { Session } from '../session/session.ts'
import type { NewVersion, WatchOptions } from './new-version.ts'
import { openEnvironment } from './open-environment.ts'
import type { OpenedEnvironment, UsedRevision } from './opened-environment.ts'

/** Files are looked at so often where nothing tells of changes, as on network drives. */
const POLL_MS = 2000
/** The time in which a change of one file brings changes of others. */
const SETTLE_MS = 100
/** A version that could not be opened is tried again, in case a vendor was away. */
const RETRY_MS = 30_000

/**
 * Waits until an environment, or one that it is made of, is at another revision, and opens it then,
 * in a folder or on a server. A version that cannot be opened is reported and passed over.
 * Undefined: `signal` has ended the wait.
 */
export async function nextVersion(current: OpenedEnvironment, options: WatchOptions): Promise<NewVersion | undefined> {
  const { reference, reopen, problem, signal } = options
  const session = reopen()
  if (session instanceof RemoteSession) {
    const { nextRemoteVersion } = await import('./watch-remote.ts')
    return nextRemoteVersion(current, session, options)
  }
  const changes = watchFolders(current.used.map(({ folder }) => folder))
  let tried = ''
  let triedAt = 0
  try {
    while (!signal.aborted) {
      const found = lookAgain(current.used, reopen)
      const again = performance.now() - triedAt > RETRY_MS
      if (found.change !== undefined && (found.change !== tried || again)) {
        if (found.change !== tried) await changes.pause(SETTLE_MS, signal)
        tried = found.change
        triedAt = performance.now()
        const opened = await tryOpening(reopen, reference, signal)
        if (typeof opened !== 'string' && !(opened instanceof RichText)) return { opened, change: found.change }
        problem(rich`${found.change}, which cannot be used: ${opened}`)
      }
      await changes.next(POLL_MS, signal)
    }
    return undefined
  } finally {
    changes.close()
  }
}

/** Returns those of the environments resolve to other revisions than those in use. */
function lookAgain(used: readonly UsedRevision[], reopen: () => Session): { readonly change: string | undefined } {
  try {
    const { store } = reopen().workspace
    const changed = used.flatMap(({ name, version, revision }) => {
      const { number } = store.environment(name).resolve(version)
      return number === revision ? [] : [`${name} is at revision ${number}`]
    })
    return { change: changed.length === 0 ? undefined : changed.join(', ') }
  } catch (error) {
    return { change: messageOf(error) }
  }
}

async function tryOpening(
  reopen: () => Session,
  reference: EnvironmentReference,
  signal: AbortSignal,
): Promise<OpenedEnvironment | Text> {
  try {
    const opened = (await reopen().perform(openEnvironment, reference, undefined, { signal })).result
    const error = opened.diagnostics.find(({ severity }) => severity === 'error')
    if (error === undefined) return opened
    return error.hint === undefined ? error.summary : rich`${error.summary}; ${error.hint}`
  } catch (error) {
    return messageOf(error)
  }
}

/** Tells of changes in folders where the operating system does. */
function watchFolders(folders: readonly string[]) {
  let changed = false
  let wake = () => {}
  const watchers: FSWatcher[] = []
  for (const folder of new Set(folders.flatMap((folder) => [folder, layout.revisions(folder)]))) {
    try {
      const watcher = watch(folder, () => {
        changed = true
        wake()
      })
      watcher.on('error', () => watcher.close())
      watchers.push(watcher)
    } catch {
      // Too many, or none here: looking now and then does as well.
    }
  }
  const pause = (ms: number, signal: AbortSignal) =>
    new Promise<void>((done) => {
      const end = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        wake = () => {}
        done()
      }
      const timer = setTimeout(end, ms)
      signal.addEventListener('abort', end)
      wake = end
      if (signal.aborted) end()
    })
  return {
    /** Waits so long, whatever changes. */
    async pause(ms: number, signal: AbortSignal) {
      const until = performance.now() + ms
      while (performance.now() < until && !signal.aborted) await pause(until - performance.now(), signal)
      changed = false
    },
    /** Waits for a change, but no longer than this. */
    async next(ms: number, signal: AbortSignal) {
      if (!changed) await pause(ms, signal)
      changed = false
    },
    close() {
      for (const watcher of watchers) watcher.close()
    },
  }
}
