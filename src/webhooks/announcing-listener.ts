import { randomUUID } from 'node:crypto'
import { messageOf } from '../errors.ts'
import type { Notice } from '../notice.ts'
import { type ComingRevision, machineProcesses, type RevisionListener } from '../store/index.ts'
import { Announcements } from './announcements.ts'
import { anyWebhooks } from './any-webhooks.ts'
import { eventRow } from './delivery-rows.ts'
import type { WebhookEvent } from './event.ts'

const nothing = { appended: () => {}, refused: () => {} }

/**
 * Announces every revision of a store that has webhooks. `notify` hears of what could not be
 * announced: the revision matters more.
 */
export function announcingListener(notify: (notice: Notice) => void): RevisionListener {
  return {
    appending(revision) {
      return quietly(() => expect(revision), notify) ?? nothing
    },
  }

  function expect({ files, store, state, tell, ...revision }: ComingRevision) {
    const { environment, number, digest, author, change, created } = revision
    if (!anyWebhooks(store, environment.name, files)) return undefined
    const event: Omit<WebhookEvent, 'id'> = {
      kind: 'environment_revision',
      action: 'created',
      at: created.toISOString(),
      environment,
      user: author,
      revision: number,
      change,
    }
    if (tell !== undefined) {
      tell(eventRow({ ...event, id: randomUUID() }))
      return undefined
    }
    const announcements = new Announcements(state, files, machineProcesses)
    const expected = announcements.expect(event, { kind: 'revision', number, digest })
    return {
      appended: () => quietly(() => expected.happened(), notify),
      refused: () => quietly(() => expected.not(), notify),
    }
  }
}

/** Runs what must not stop anything else. */
export function quietly<T>(act: () => T, notify: (notice: Notice) => void): T | undefined {
  try {
    return act()
  } catch (error) {
    notify({ kind: 'webhooks-not-told', reason: messageOf(error) })
    return undefined
  }
}
