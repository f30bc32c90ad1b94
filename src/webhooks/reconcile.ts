import type { Store } from '../store/index.ts'
import { type Announcements, type Expected, fieldDigest } from './announcements.ts'
import type { RotationDetails, WebhookEvent } from './event.ts'

/**
 * Reconciles announcements that dead processes have left: what happened is announced, the rest is
 * forgotten.
 * Where it cannot be found out, as in a damaged environment, that is tried again, unless it is from
 * before `oldest` (milliseconds since 1970).
 */
export function reconcileOrphans(store: Store, announcements: Announcements, oldest: number): void {
  for (const orphan of announcements.orphans()) {
    try {
      const event = whatHappened(store, orphan)
      if (event === undefined) announcements.drop(orphan.event.id)
      else announcements.happened(event)
    } catch {
      if (Date.parse(orphan.event.at) < oldest) announcements.drop(orphan.event.id)
    }
  }
}

/**
 * Finds out what became of an expected event. `undefined`: it has not happened, or nobody is left
 * to be told.
 */
export function whatHappened(store: Store, { event, proof }: Expected): WebhookEvent | undefined {
  const { environment } = event
  if (proof === undefined) return event
  if (!store.has(environment.name)) return undefined
  const own = store.environment(environment.name)
  if (own.id !== environment.id) return undefined
  switch (proof.kind) {
    case 'revision':
      return digestIn(store, environment.name, proof.number) === proof.digest ? event : undefined
    case 'field':
      return fieldDigest(own.settings, proof.field) === proof.before ? undefined : event
    case 'rotation':
      return interrupted(store, event)
  }
}

/** The revision may be missing, or damaged. */
function digestIn(store: Store, environment: string, number: number): string | undefined {
  try {
    return store.environment(environment).revision(number).digest
  } catch {
    return undefined
  }
}

/** As much as can be told of a rotation whose process was killed. */
function interrupted(store: Store, event: WebhookEvent): WebhookEvent {
  const environment = store.environment(event.environment.name)
  const events = environment.events.list<RotationDetails & { readonly created: string }>('rotations')
  const recorded = events.find(({ created }) => created >= event.at)
  if (recorded !== undefined) return { ...event, ...toldOf(recorded) }
  const base = event.revision ?? 0
  const newest = environment.current()
  const saved = newest.number > base && newest.change === 'rotate' ? newest.number : undefined
  const rotation: RotationDetails = {
    preRotationRevision: base,
    postRotationRevision: saved,
    status: saved === undefined ? 'failed' : 'succeeded',
    ...(saved === undefined ? { errorMessage: unfinished(event.environment.name) } : {}),
    rotations: [],
  }
  return { ...event, ...toldOf(rotation) }
}

function unfinished(environment: string): string {
  return `the rotation of ${environment} was killed before it was saved; the next one finishes it`
}

/** Returns the details of a rotation for an event. */
export function toldOf(rotation: RotationDetails): Partial<WebhookEvent> {
  const { preRotationRevision, postRotationRevision, status } = rotation
  return {
    action: status === 'succeeded' ? 'rotation_succeeded' : 'rotation_failed',
    revision: postRotationRevision ?? preRotationRevision,
    rotation,
  }
}
