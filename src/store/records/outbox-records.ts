/** An event that webhooks may be told of. What its content says is not known here. */
export interface OutboxEvent {
  readonly id: string
  /** Id of the environment that it is about. */
  readonly environment: string
  /** No secrets. */
  readonly content: string
}

/** The webhook that a delivery is for. */
export interface OutboxTarget {
  /** Id of the environment. */
  readonly environment: string
  readonly webhook: string
  /** The time at which the webhook was made, which tells it from an earlier one of its name. */
  readonly webhookCreated: string
}

/** A delivery to be kept. What its content says is not known here. */
export interface NewOutboxDelivery extends OutboxTarget {
  readonly id: string
  readonly created: string
  readonly content: string
}

/** A delivery as it is kept. `attempts`: in the order in which they were made. */
export interface OutboxDelivery extends NewOutboxDelivery {
  readonly state: 'pending' | 'delivered' | 'failed'
  /** The time when a pending one is due. */
  readonly due: Date | undefined
  readonly attempts: readonly string[]
}

/** A delivery that this process alone may send until the claim is over. */
export interface ClaimedDelivery {
  readonly delivery: OutboxDelivery
  readonly claim: string
}

/** The outcome of one attempt to send a delivery. */
export interface OutboxAttempt {
  /** Pending: tried again after `waitMs`, or when it was due before. */
  readonly state: OutboxDelivery['state']
  readonly waitMs?: number
  /** Kept after those before. No secrets. */
  readonly attempt: string
  /**
   * The claim under which it was sent. One that is over by now counts only for what was delivered.
   * `undefined`: a person has had it sent.
   */
  readonly claim?: string
}

/** A waiting delivery, and the time from which somebody may take it. */
export interface WaitingDelivery {
  readonly id: string
  readonly due: Date
}

/**
 * The events and deliveries of a store's webhooks, shared by all servers, so that any of them sends
 * what another has left. The clock of the database says what is due.
 */
export interface OutboxRecords {
  /** True when this process has kept an event since `events` was last asked. */
  readonly hasNew: boolean
  /**
   * Keeps an event that has happened, in the place of one that was expected.
   * @throws EscError `io`.
   */
  happened(event: OutboxEvent): Promise<void>
  /** Keeps an event that may happen while the lock of its environment is held. */
  expect(event: OutboxEvent): Promise<void>
  /** Keeps that an expected event has happened, as somebody else has found out. */
  reconciled(event: OutboxEvent): Promise<void>
  /** Forgets an expected event. */
  notHappened(id: string): Promise<void>
  /** The events that have happened and are not deliveries yet, oldest first. */
  events(): Promise<readonly OutboxEvent[]>
  /** Expected events of more than a minute ago, where nobody holds the environment's lock. */
  orphans(): Promise<readonly OutboxEvent[]>
  /**
   * Keeps the deliveries that follow from an event, and forgets it. Once: of several that do so,
   * one does. Those that are known stay as they are. Where `most` wait for a webhook, further ones
   * have failed, with the attempt `tooMany`.
   */
  expanded(
    event: string,
    deliveries: readonly NewOutboxDelivery[],
    limit: { readonly most: number; readonly tooMany: string },
  ): Promise<void>
  /** Keeps a delivery as it is, unless it is known. */
  keep(delivery: OutboxDelivery): Promise<void>
  /** All of a webhook, newest first. */
  of(target: OutboxTarget): Promise<readonly OutboxDelivery[]>
  /**
   * The waiting ones that are due within some milliseconds, the earliest first. A claimed one is
   * due once the claim is over.
   */
  waiting(withinMs: number): Promise<readonly WaitingDelivery[]>
  /**
   * Claims a delivery that is due, for as long as one attempt may take. `undefined`: it is not due,
   * has ended, or somebody else has claimed it.
   */
  claim(id: string): Promise<ClaimedDelivery | undefined>
  /**
   * Keeps an attempt, and the state after it. Of a webhook, the last ended ones stay. Returns the
   * time when the delivery is due again, where that is known.
   */
  attempted(id: string, attempt: OutboxAttempt): Promise<Date | undefined>
  /** Forgets one delivery. */
  forgetOne(id: string): Promise<void>
  /** Forgets all of a removed webhook. */
  forget(environment: string, webhook: string): Promise<void>
}
