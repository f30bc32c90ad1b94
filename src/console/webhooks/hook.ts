/** A webhook as the operations answer it; never with its secret. */
export interface Hook {
  readonly name: string
  readonly displayName: string
  /** The URL as it may be shown. */
  readonly url: string
  readonly format: string
  readonly active: boolean
  readonly events: readonly string[]
  readonly groups: readonly string[]
  readonly hasSecret: boolean
  readonly headerNames: readonly string[]
}

/** Something that was sent to a webhook, or waits to be. */
export interface HookDelivery {
  readonly id: string
  readonly kind: string
  readonly created: string
  readonly body: string
  readonly state: 'pending' | 'delivered' | 'failed'
  readonly attempts: readonly {
    readonly at: string
    readonly durationMs: number
    /** 0: there was no answer. */
    readonly responseCode: number
    readonly responseBody?: string
    readonly error?: string
  }[]
  /** The time of the next attempt, in milliseconds since 1970. */
  readonly due?: number
}

export const formats = ['raw', 'slack', 'ms_teams', 'github', 'gitlab', 'pulumi_deployments'] as const

/** The events that a webhook can be told of. */
export const events = [
  'environment_revision_created',
  'environment_revision_retracted',
  'environment_revision_tag_created',
  'environment_revision_tag_updated',
  'environment_revision_tag_deleted',
  'environment_tag_created',
  'environment_tag_updated',
  'environment_tag_deleted',
  'environment_rotation_succeeded',
  'environment_rotation_failed',
  'environment_schedule_created',
  'environment_schedule_updated',
  'environment_schedule_deleted',
  'imported_environment_changed',
] as const
