import { randomUUID } from 'node:crypto'
import { EscError } from '../../errors.ts'
import type { Notice } from '../../notice.ts'
import type { RotationReport } from '../../rotation/index.ts'
import type { Environment, Store } from '../../store/index.ts'
import {
  Announcements,
  anyWebhooks,
  type EventKind,
  eventRow,
  fieldDigest,
  quietly,
  toldOf,
  type WebhookEvent,
} from '../../webhooks/index.ts'
import type { Workspace } from './workspace.ts'

/**
 * A change that is about to be made to the settings of an environment. New revisions
 * announce themselves (`RevisionListener`).
 */
export interface Announced extends Pick<WebhookEvent, 'action' | 'tagName' | 'revision' | 'scheduleID'> {
  readonly kind: Exclude<EventKind, 'environment_rotation' | 'imported_environment_changed'>
  /** The field of `settings.yaml` that it changes: tells, after a crash, whether it was done. */
  readonly field: string
}

/**
 * Changes something of an environment, and tells the webhooks that it was done. They are never a
 * reason for it to fail, nor to wait: what is to be sent is written down, and sent by others.
 */
export async function announcing<T>(
  workspace: Workspace,
  environment: Environment,
  { field, ...what }: Announced,
  change: () => Promise<T>,
): Promise<T> {
  const { store, host } = workspace
  if (!hasWebhooks(workspace, environment.name)) return change()
  const user = await workspace.author()
  const { shared } = store
  if (shared !== undefined) {
    const event = eventRow({ ...what, ...placeOf(workspace, environment), user, id: randomUUID() })
    const { result, isTold } = await environment.told.during(event, change)
    if (!isTold) await quietlyLater(() => shared.outbox.happened(event), host.notify)
    return result
  }
  const expected = quietly(() => {
    const announcements = new Announcements(store.state.folder)
    const before = fieldDigest(environment.settings, field)
    return announcements.expect({ ...what, ...placeOf(workspace, environment), user }, { kind: 'field', field, before })
  }, host.notify)
  try {
    const result = await change()
    quietly(() => expected?.happened(), host.notify)
    return result
  } catch (error) {
    quietly(() => expected?.not(), host.notify)
    throw error
  }
}

/** Rotates, and tells the webhooks how it went. */
export async function announcingRotation(
  workspace: Workspace,
  environment: Environment,
  rotate: () => Promise<RotationReport>,
): Promise<RotationReport> {
  const { store, host } = workspace
  if (!hasWebhooks(workspace, environment.name)) return rotate()
  const user = await workspace.author()
  const base = newestOf(environment)
  const event = { kind: 'environment_rotation', action: 'rotation_failed', user, revision: base } as const
  const expected = await quietlyLater(
    () => expectRotation(store, { ...event, ...placeOf(workspace, environment) }),
    host.notify,
  )
  try {
    const report = await rotate()
    await quietlyLater(async () => {
      if (report.paths.length === 0 && report.status === 'succeeded') await expected?.not()
      else await expected?.happened(toldOf(report.event ?? unrecorded(report, base)))
    }, host.notify)
    return report
  } catch (error) {
    await quietlyLater(async () => {
      if (isWorthTelling(error)) await expected?.happened(toldOf({ ...failure(base), errorMessage: told(error) }))
      else await expected?.not()
    }, host.notify)
    throw error
  }
}

/** A rotation that is told of once it has ended, by others where this process has died. */
interface ExpectedRotation {
  happened(as: Partial<WebhookEvent>): Promise<void> | void
  not(): Promise<void> | void
}

async function expectRotation(store: Store, event: Omit<WebhookEvent, 'id'>): Promise<ExpectedRotation> {
  const outbox = store.shared?.outbox
  if (outbox === undefined) return new Announcements(store.state.folder).expect(event, { kind: 'rotation' })
  const expected = { ...event, id: randomUUID() }
  await outbox.expect(eventRow(expected))
  return {
    happened: (as) => outbox.happened(eventRow({ ...expected, ...as })),
    not: () => outbox.notHappened(expected.id),
  }
}

/** As `quietly`, for what takes a while. */
async function quietlyLater<T>(act: () => Promise<T>, notify: (notice: Notice) => void): Promise<T | undefined> {
  try {
    return await act()
  } catch (error) {
    return quietly<undefined>(() => {
      throw error
    }, notify)
  }
}

/**
 * A run that changed nothing has no event in the history; those who wait for a rotation
 * want to know all the same.
 */
function unrecorded(report: RotationReport, base: number) {
  const rotations = report.paths.map(({ path, status, error }) => ({
    environmentPath: path,
    status: status === 'succeeded' ? ('succeeded' as const) : ('failed' as const),
    errorMessage: error,
  }))
  const status = report.status === 'succeeded' ? ('succeeded' as const) : ('failed' as const)
  return { ...failure(base), status, rotations }
}

function failure(preRotationRevision: number) {
  return { preRotationRevision, status: 'failed' as const, rotations: [] }
}

/** Not what only concerns the person who has typed it. */
function isWorthTelling(error: unknown): boolean {
  const codes = ['usage', 'invalid_input', 'not_found', 'locked', 'conflict', 'interrupted', 'forbidden']
  return !(error instanceof EscError && codes.includes(error.code))
}

/** Only of our own errors it is known that they hold no secret. */
function told(error: unknown): string {
  return error instanceof EscError ? error.message : 'an unexpected error: see the output of the command'
}

/** 0: it cannot be read, which the rotation will say. */
function newestOf(environment: Environment): number {
  try {
    return environment.current().number
  } catch {
    return 0
  }
}

function placeOf({ host }: Workspace, { id, name }: Environment) {
  return { at: host.now().toISOString(), environment: { id, name } }
}

/** True when webhooks are told. An event in a copy of a store has not happened yet. */
function hasWebhooks({ store, host, original }: Workspace, environment: string): boolean {
  if (original !== undefined) return false
  return quietly(() => anyWebhooks(store.folder, environment, store.files), host.notify) ?? false
}
