/**
 * The queues of a store: environments of which the schedule is due or the journal is to be looked
 * into, and deliveries to webhooks.
 */
export type SharedQueue = 'environment' | 'delivery'

/** A job that waits in a queue. It holds names only: the queue is no place for secrets. */
export interface SharedJob {
  /** While a job with this key waits, another one is not added. */
  readonly key: string
  /** The name of the environment that it is about. */
  readonly environment: string
  /** The time before which it is not begun. */
  readonly at: Date
}

/** The part of a process that performs jobs. */
export interface JobWorker {
  /** The most jobs at the same time. */
  readonly atOnce: number
  /**
   * Performs one job. It may be called twice for the same one, also at the same time and in two
   * processes. When it rejects, the job is begun again a little later.
   */
  readonly perform: (job: Pick<SharedJob, 'key' | 'environment'>) => Promise<void>
  /** Hears what is wrong with the queue. No secrets. */
  readonly failed: (error: unknown) => void
}

/**
 * A queue of jobs that several processes share: whichever is free performs the next. A job whose
 * process dies is given to another one.
 */
export interface SharedJobs {
  /**
   * Begins to perform jobs.
   * @throws EscError `io` when the queue cannot be made or reached.
   */
  start(worker: JobWorker): Promise<void>
  /** Adds jobs, but for those of which one with the same key waits already. */
  add(jobs: readonly SharedJob[]): Promise<void>
  /** Begins no job any more, and returns when those under way have ended. */
  stop(): Promise<void>
}
