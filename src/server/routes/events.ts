import type { SSEStreamingApi } from 'hono/streaming'
import { streamSSE } from 'hono/streaming'
import { EscError } from '../../errors.ts'
import { listEnvironments, resolveVersion, type Session } from '../../operations/index.ts'
import type { Api, ApiContext } from '../api.ts'
import { referenceOf } from '../params.ts'

/** So often something is sent, so that nobody in between takes the connection for dead. */
const beatsEveryMs = 15_000

/**
 * Changes as server-sent events. `/api/v1/environments/{org}/{project}/{env}/events`: the revision
 * now, then each new one; the id of an event is its revision. `/api/v1/events`: every environment
 * that the caller may read. A slow client gets the newest revision, and none of those between.
 */
export function eventRoutes(api: Api): void {
  api.get('/api/v1/environments/:org/:project/:env/events', async (c) => {
    const { session, subject } = referenceOf(c)
    await session.perform(resolveVersion, subject)
    return watching(c, (stream, wait) => tellOfOne(c, subject.name, { stream, wait }))
  })
  api.get('/api/v1/events', (c) => watching(c, (stream, wait) => tellOfAll(c, { stream, wait })))
}

interface Watcher {
  readonly stream: SSEStreamingApi
  /** Resolves with what has changed; with nothing once the stream is to end. */
  readonly wait: () => Promise<ReadonlySet<string> | undefined>
}

/** Opens a stream that ends with the client, the server or the token, and has `tell` fill it. */
function watching(c: ApiContext, tell: (stream: SSEStreamingApi, wait: Watcher['wait']) => Promise<void>) {
  const { changes, stopping } = c.var.parts
  const { caller } = c.var
  return streamSSE(c, async (stream) => {
    let changed = new Set<string>()
    let wake = () => {}
    const unsubscribe = changes.subscribe((name) => {
      changed.add(name)
      wake()
    })
    const end = () => wake()
    stream.onAbort(end)
    stopping.addEventListener('abort', end)
    const isEnded = () => stream.aborted || stopping.aborted
    const isOver = async () => isEnded() || !(await caller.isStillIn())
    try {
      await changes.settled()
      await tell(stream, async () => {
        while (!(await isOver())) {
          if (changed.size > 0) {
            const taken = changed
            changed = new Set()
            return taken
          }
          // While the token was looked up, nobody could be woken.
          if (isEnded()) return undefined
          const beat = setTimeout(end, beatsEveryMs)
          await new Promise<void>((resolve) => {
            wake = resolve
          })
          clearTimeout(beat)
          if (changed.size === 0 && !isEnded()) await stream.write(': all is well\n\n')
        }
        return undefined
      })
    } finally {
      stopping.removeEventListener('abort', end)
      unsubscribe()
    }
  })
}

async function tellOfOne(c: ApiContext, name: string, { stream, wait }: Watcher): Promise<void> {
  let told = Number(c.req.header('last-event-id') ?? 0)
  let newest = await newestOf(sessionNow(c), name)
  while (newest !== undefined) {
    if (newest !== told) await stream.writeSSE({ event: 'environment', id: String(newest), data: data(name, newest) })
    told = newest
    let changed = await wait()
    while (changed !== undefined && !changed.has(name)) changed = await wait()
    if (changed === undefined) return
    newest = await newestOf(sessionNow(c), name)
  }
  await stream.writeSSE({ event: 'removed', data: data(name) })
}

async function tellOfAll(c: ApiContext, { stream, wait }: Watcher): Promise<void> {
  const { changes } = c.var.parts
  const last = c.req.header('last-event-id')
  const missed = last === undefined ? new Set<string>() : changes.since(last)
  // After `reset`, a client looks at all that it watches: nobody knows what it has missed.
  await stream.writeSSE({ event: missed === undefined ? 'reset' : 'ready', id: changes.lastId, data: '{}' })
  for (let changed = missed ?? new Set(); changed !== undefined; ) {
    const id = changes.lastId
    const session = sessionNow(c)
    const listed = changed.size === 0 ? [] : await visible(session)
    for (const name of listed.filter((each) => changed?.has(each))) {
      const revision = await newestOf(session, name)
      if (revision !== undefined) await stream.writeSSE({ event: 'environment', id, data: data(name, revision) })
    }
    const next = await wait()
    if (next === undefined) return
    changed = next
  }
}

/** A new session: what the caller may do is asked anew, as the rules may have changed. */
function sessionNow(c: ApiContext): Session {
  return c.var.parts.sessionFor(c.var.caller.token, c.var.address)
}

async function visible(session: Session): Promise<readonly string[]> {
  const all = { organization: undefined, project: undefined }
  return (await session.perform(listEnvironments, undefined, all)).result.environments
}

/** `undefined`: it is not there any more, or not for this caller. */
async function newestOf(session: Session, name: string): Promise<number | undefined> {
  try {
    return (await session.perform(resolveVersion, session.reference(name))).result
  } catch (error) {
    if (error instanceof EscError && (error.code === 'not_found' || error.code === 'forbidden')) return undefined
    throw error
  }
}

function data(environment: string, revision?: number): string {
  return JSON.stringify({ environment, ...(revision !== undefined && { revision }) })
}
