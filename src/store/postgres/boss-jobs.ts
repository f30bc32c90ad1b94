import { EscError } from '../../errors.ts'
import type { JobWorker, SharedJob, SharedJobs, SharedQueue } from '../records/shared-jobs.ts'
import type { PostgresDatabase } from './connection.ts'

type Boss = import('pg-boss').PgBoss

/** Times of the queues, in seconds. */
export interface JobTiming {
  /** The time after which a worker of which nothing is heard counts as dead. At least 10. */
  readonly heartbeat: number
  /** The dead are looked for so often. */
  readonly supervision: number
  /** Work is looked for so often. At least 0.5. */
  readonly polling: number
  /** The pause before a job that has failed is begun again. */
  readonly retry: number
}

const usualTiming: JobTiming = { heartbeat: 20, supervision: 10, polling: 1, retry: 5 }

/** A job of so many seconds is given to another worker as well: none takes so long. */
const longestSeconds: Readonly<Record<SharedQueue, number>> = { environment: 12 * 3600, delivery: 600 }

/** The one pg-boss of a process, for all its queues: from the first to the last. */
export class SharedBoss {
  readonly database: PostgresDatabase
  readonly timing: JobTiming
  #queues = 0
  #started: Promise<Boss> | undefined

  constructor(database: PostgresDatabase, timing = usualTiming) {
    this.database = database
    this.timing = timing
  }

  /** For one more queue. `failed`: of the first queue alone, so that nothing is told twice. */
  async enter(failed: JobWorker['failed']): Promise<Boss> {
    this.#queues++
    this.#started ??= this.#start(failed)
    try {
      return await this.#started
    } catch (error) {
      this.#started = undefined
      this.#queues--
      throw error
    }
  }

  async leave(): Promise<void> {
    if (--this.#queues > 0) return
    const boss = await this.#started
    this.#started = undefined
    await boss?.stop({ graceful: true, timeout: 3000, close: false }).catch(() => {})
  }

  async #start(failed: JobWorker['failed']): Promise<Boss> {
    const boss = await this.#connect()
    boss.on('error', failed)
    try {
      return await boss.start()
    } catch (error) {
      await boss.stop({ graceful: false, close: false }).catch(() => {})
      throw error
    }
  }

  async #connect(): Promise<Boss> {
    const { PgBoss } = await import('../../vendor/pg-boss.ts')
    const { database, timing } = this
    const schema = database.jobsSchema
    const [found] = await database.run('select to_regnamespace($1) is not null as present', [schema])
    return new PgBoss({
      db: { executeSql: (text, values) => database.query(text, values) },
      schema,
      // Whoever was given the schema need not have the right to make one.
      createSchema: found?.present !== true,
      superviseIntervalSeconds: timing.supervision,
      monitorIntervalSeconds: timing.supervision,
      maintenanceIntervalSeconds: 600,
      schedule: false,
      registerInstance: false,
      openTelemetry: { enabled: false },
    })
  }
}

/**
 * Jobs of one queue of pg-boss, in a schema beside that of the store. It wakes somebody, and hands
 * the job on when that one dies. Who may do something, and whether it was done, is told by leases
 * and rows of the store: pg-boss may give a job twice.
 */
export class BossJobs implements SharedJobs {
  readonly #shared: SharedBoss
  readonly #queue: SharedQueue
  readonly #running = new Set<Promise<void>>()
  #boss: Boss | undefined

  constructor(shared: SharedBoss, queue: SharedQueue) {
    this.#shared = shared
    this.#queue = queue
  }

  async start(worker: JobWorker): Promise<void> {
    const { database } = this.#shared
    try {
      const boss = await this.#shared.enter(worker.failed)
      this.#boss = boss
      try {
        await this.#work(boss, worker)
      } catch (error) {
        this.#boss = undefined
        await this.#shared.leave()
        throw error
      }
    } catch (error) {
      throw database.fault(error)
    }
  }

  async add(jobs: readonly SharedJob[]): Promise<void> {
    if (jobs.length === 0 || this.#boss === undefined) return
    try {
      await this.#boss.insert(
        this.#queue,
        jobs.map(({ key, environment, at }) => ({
          singletonKey: key,
          startAfter: at,
          data: { key, environment },
        })),
      )
    } catch (error) {
      throw this.#shared.database.fault(error)
    }
  }

  async stop(): Promise<void> {
    const boss = this.#boss
    if (boss === undefined) return
    this.#boss = undefined
    // Workers end once their job has; a database that is gone must not keep the process.
    await boss.offWork(this.#queue, { wait: false }).catch(() => {})
    await Promise.all(this.#running)
    await this.#shared.leave()
  }

  async #work(boss: Boss, { atOnce, perform }: JobWorker): Promise<void> {
    const { heartbeat, polling, retry } = this.#shared.timing
    const settings = {
      policy: 'stately',
      heartbeatSeconds: heartbeat,
      expireInSeconds: longestSeconds[this.#queue],
      retryLimit: 3,
      retryDelay: retry,
      // What is due is added again by whoever looks next.
      retentionSeconds: 24 * 3600,
      deleteAfterSeconds: 3600,
    } as const
    await boss.createQueue(this.#queue, settings)
    const { policy: _, ...changeable } = settings
    await boss.updateQueue(this.#queue, changeable)
    const options = { localConcurrency: atOnce, pollingIntervalSeconds: polling, batchSize: 1 }
    await boss.work<Pick<SharedJob, 'key' | 'environment'>>(this.#queue, options, async ([job]) => {
      if (job === undefined) return
      const performed = perform(job.data)
      const ended = performed.catch(() => {}).finally(() => this.#running.delete(ended))
      this.#running.add(ended)
      await performed.catch((error) => {
        // Kept with the job: nothing but the kind of fault.
        throw new Error(error instanceof EscError ? error.code : 'failed')
      })
    })
  }
}
