import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { noticeText } from '../../src/cli/framework/notice-text.ts'
import { machineFiles } from '../../src/files/index.ts'
import { createKeyFile } from '../../src/keys/key-file.ts'
import {
  createSchedule,
  type RunOutcome,
  type Session,
  type SessionHost,
  startSession,
} from '../../src/operations/index.ts'
import type { ScheduledRun } from '../../src/schedule/index.ts'
import { startScheduler } from '../../src/scheduler/index.ts'
import { Store } from '../../src/store/index.ts'
import { sessionParts } from '../operations/session-parts.ts'

const author = { name: 'Ada', email: 'ada@example.com' }
/** Where there are files in memory: a year has many writes, each of which waits for the disk. */
const memory = '/dev/shm'

/**
 * A store on the disk whose clock is ours: time passes only while the scheduler sleeps, and then at
 * once.
 */
export class VirtualStore {
  readonly folder = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'esc-virtual-'))
  readonly outcomes: RunOutcome[] = []
  readonly log: string[] = []
  nowMs: number

  constructor(now: string) {
    this.nowMs = Date.parse(now)
    createKeyFile(machineFiles, join(this.folder, 'config', 'default.key'))
    Store.init(join(this.folder, 'environments'), {}, this.#world)
  }

  get #env() {
    return { HOME: this.folder, ESC_CONFIG_HOME: join(this.folder, 'config'), ESC_AUTHOR: 'Ada <ada@example.com>' }
  }

  get #world() {
    return {
      state: join(this.folder, 'state'),
      keys: { env: this.#env, configFolder: join(this.folder, 'config'), notify: () => {} },
    }
  }

  open(): Session {
    const host: SessionHost = {
      cwd: this.folder,
      env: this.#env,
      notify: (notice) => void this.log.push(noticeText(notice)),
      now: () => new Date(this.nowMs),
    }
    return startSession({ store: join(this.folder, 'environments'), ...sessionParts(host) })
  }

  async add(
    name: string,
    when: { cron?: string; once?: string; timezone?: string },
    definition = PASSWORD,
  ): Promise<void> {
    const created = new Date(this.nowMs)
    await Store.open(join(this.folder, 'environments'), this.#world).additions.create(name, {
      author,
      created,
      definition,
    })
    const session = this.open()
    const request = { cron: undefined, once: undefined, timezone: undefined, ...when }
    await session.perform(createSchedule, session.reference(name), request)
  }

  /**
   * Runs the daemon until the clock shows `until`; the clock jumps from one thing to do to the
   * next. `afterRun`: true ends the daemon as soon as it has come back from that run.
   */
  async run(until: string, afterRun: (outcome: RunOutcome) => boolean = () => false): Promise<void> {
    const untilMs = Date.parse(until)
    const stop = new AbortController()
    await startScheduler({
      open: () => this.open(),
      stop: stop.signal,
      abort: new AbortController().signal,
      pollMs: 6 * 3_600_000,
      healthEveryMs: 7 * 86_400_000,
      log: (line) => void this.log.push(String(line)),
      onRun: (outcome) => {
        this.outcomes.push(outcome)
        if (afterRun(outcome)) stop.abort()
      },
      sleep: async (ms) => {
        this.nowMs = Math.min(this.nowMs + ms, untilMs)
        if (this.nowMs >= untilMs) stop.abort()
      },
      rssBytes: () => process.memoryUsage.rss(),
    })
  }

  events(name: string): readonly ScheduledRun[] {
    return this.open().workspace.store.environment(name).events.list<ScheduledRun>('schedules')
  }

  /** Of every revision that a run has made: the instant it was for. */
  rotated(name: string): string[] {
    return [...this.open().workspace.store.environment(name).history()]
      .reverse()
      .flatMap(({ change, details }) => (change === 'rotate' ? [details.due ?? 'by hand'] : []))
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

const PASSWORD = 'values:\n  admin: {fn::rotate::password: {inputs: {length: 20}}}\n'
