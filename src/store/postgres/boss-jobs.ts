import { EscError } from '../../errors.ts'
import type { JobWorker, SharedJob, SharedJobs } from '../records/shared-jobs.ts'
import type { PostgresDatabase } from './connection.ts'

type Boss = import('pg-boss').PgBoss

const queue = 'environment'

/** Times of the queue, in seconds. */
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

/** A run of this many seconds is given to another worker as well: nothing takes so long. */
const longestJobSeconds = 12 * 3600

/**
 * Jobs of pg-boss, in a schema beside that of the store. It wakes somebody, and hands the job on
 * when that one dies. Who may do something, and whether it was done, is told by leases and rows of
 * the store: pg-boss may give a job twice.
 */
export class BossJobs implements SharedJobs {
  readonly #database: PostgresDatabase
  readonly #timing: JobTiming
  readonly #running = new Set<Promise<void>>()
  #boss: Boss | undefined

  constructor(database: PostgresDatabase, timing = usualTiming) {
    this.#database = database
    this.#timing = timing
  }

  async start({ atOnce, perform, failed }: JobWorker): Promise<void> {
    const { heartbeat, supervision, polling, retry } = this.#timing
    const boss = await this.#connect(supervision)
    boss.on('error', failed)
    try {
      await boss.start()
      const settings = {
        policy: 'stately',
        heartbeatSeconds: heartbeat,
        expireInSeconds: longestJobSeconds,
        retryLimit: 3,
        retryDelay: retry,
        // What is due is added again by whoever looks next.
        retentionSeconds: 24 * 3600,
        deleteAfterSeconds: 3600,
      } as const
      await boss.createQueue(queue, settings)
      const { policy: _, ...changeable } = settings
      await boss.updateQueue(queue, changeable)
      this.#boss = boss
      const options = { localConcurrency: atOnce, pollingIntervalSeconds: polling, batchSize: 1 }
      await boss.work<Pick<SharedJob, 'key' | 'environment'>>(queue, options, async ([job]) => {
        if (job === undefined) return
        const performed = perform(job.data)
        const ended = performed.catch(() => {}).finally(() => this.#running.delete(ended))
        this.#running.add(ended)
        await performed.catch((error) => {
          // Kept with the job: nothing but the kind of fault.
          throw new Error(error instanceof EscError ? error.code : 'failed')
        })
      })
    } catch (error) {
      this.#boss = undefined
      await boss.stop({ graceful: false, close: false }).catch(() => {})
      throw this.#database.fault(error)
    }
  }

  async add(jobs: readonly SharedJob[]): Promise<void> {
    if (jobs.length === 0 || this.#boss === undefined) return
    try {
      await this.#boss.insert(
        queue,
        jobs.map(({ key, environment, at }) => ({
          singletonKey: key,
          startAfter: at,
          data: { key, environment },
        })),
      )
    } catch (error) {
      throw this.#database.fault(error)
    }
  }

  async stop(): Promise<void> {
    const boss = this.#boss
    if (boss === undefined) return
    this.#boss = undefined
    // Workers end once their job has; a database that is gone must not keep the process.
    await boss.offWork(queue, { wait: false }).catch(() => {})
    await Promise.all(this.#running)
    await boss.stop({ graceful: true, timeout: 3000, close: false }).catch(() => {})
  }

  async #connect(supervision: number): Promise<Boss> {
    const { PgBoss } = await import('../../vendor/pg-boss.ts')
    const schema = this.#database.jobsSchema
    const [found] = await this.#database.run('select to_regnamespace($1) is not null as present', [schema])
    return new PgBoss({
      db: { executeSql: (text, values) => this.#database.query(text, values) },
      schema,
      // Whoever was given the schema need not have the right to make one.
      createSchema: found?.present !== true,
      superviseIntervalSeconds: supervision,
      monitorIntervalSeconds: supervision,
      maintenanceIntervalSeconds: 600,
      schedule: false,
      registerInstance: false,
      openTelemetry: { enabled: false },
    })
  }
}
