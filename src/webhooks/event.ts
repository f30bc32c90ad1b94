import type { Author } from '../store/index.ts'

/** The kinds of events of an environment: the `Pulumi-Webhook-Kind` of its deliveries. */
export type EventKind = keyof typeof actions

/** The actions of each kind. */
const actions = {
  environment_revision: ['created', 'retracted'],
  environment_revision_tag: ['created', 'updated', 'deleted'],
  environment_tag: ['created', 'updated', 'deleted'],
  environment_schedule: ['created', 'updated', 'deleted'],
  environment_rotation: ['rotation_succeeded', 'rotation_failed'],
  imported_environment_changed: ['updated'],
} as const

/** One thing that has happened. Holds no secret: it is sent to others as it is. */
export interface WebhookEvent {
  /** Random, for life: ids of deliveries are made from it. */
  readonly id: string
  readonly kind: EventKind
  readonly action: string
  /** RFC 3339, UTC. */
  readonly at: string
  readonly environment: { readonly id: string; readonly name: string }
  readonly user: Author
  readonly revision?: number
  /** The kind of change: `edit`, `set`, `rotate` … */
  readonly change?: string
  readonly tagName?: string
  readonly scheduleID?: string
  /** The `SecretRotationEvent` of a rotation. */
  readonly rotation?: RotationDetails
  /**
   * For `imported_environment_changed`: which revisions of `environment` import what has changed.
   */
  readonly affectedRevisions?: readonly number[]
  readonly imported?: { readonly name: string; readonly revision?: number }
}

/** The part of a rotation event that payloads use. */
export interface RotationDetails {
  readonly preRotationRevision: number
  readonly postRotationRevision?: number
  readonly status: 'succeeded' | 'failed'
  readonly errorMessage?: string
  readonly rotations: readonly {
    readonly environmentPath: string
    readonly status: 'succeeded' | 'failed'
    readonly errorMessage?: string
  }[]
}

/** The name of an event in a webhook's list, such as `environment_rotation_failed`. */
export function filterName({ kind, action }: Pick<WebhookEvent, 'kind' | 'action'>): string {
  if (kind === 'imported_environment_changed') return kind
  return kind === 'environment_rotation' ? `environment_${action}` : `${kind}_${action}`
}

/** Every name a webhook may list. */
export const filterNames: readonly string[] = Object.entries(actions).flatMap(([kind, each]) =>
  each.map((action) => filterName({ kind: kind as EventKind, action })),
)

/** Short names: `created` is every event whose action that is. */
export const shortNames: readonly string[] = [...new Set(Object.values(actions).flat())]

/**
 * Groups of events. There are no change requests in a folder; the group is known so
 * that scripts carry over.
 */
export const groupNames: readonly string[] = ['environments', 'change_requests']

/** True when a webhook asks for an event. One that lists neither events nor groups gets all. */
export function wants(
  webhook: { readonly events: readonly string[]; readonly groups: readonly string[] },
  event: Pick<WebhookEvent, 'kind' | 'action'>,
): boolean {
  const { events, groups } = webhook
  if (events.length === 0 && groups.length === 0) return true
  return groups.includes('environments') || events.includes(filterName(event)) || events.includes(event.action)
}
