import { statSync } from 'node:fs'
import { messageOf } from '../../errors.ts'
import { graceMs, jitterMs, notOverdueUntil, overdueInstant, type Schedule } from '../../schedule/index.ts'
import { layout, type Store } from '../../store/index.ts'
import { rotationGuardMs } from '../rotating/rotation-settings.ts'
import { visibleEnvironments } from '../session/permit.ts'
import type { Session } from '../session/session.ts'
import type { Workspace } from '../session/workspace.ts'
import { stepOf } from './scheduled-run.ts'
import { scheduleOf } from './schedules.ts'
import { ignoredText } from './sealed-runs.ts'

/** The state of one environment with a schedule. */
export interface DueEntry {
  readonly environment: string
  readonly paused: boolean
  /** The time when something is to be done, jitter included; undefined: never, or paused. */
  readonly at: Date | undefined
  /**
   * The reason why its schedule, or what has become of it, cannot be read: nobody can tell
   * whether something is due.
   */
  readonly problem: string | undefined
  /** The instant whose run waits longer than the schedule allows. */
  readonly overdue: Date | undefined
  /** Lines of its history that are not believed. */
  readonly notes: readonly string[]
}

interface Known extends Omit<DueEntry, 'overdue'> {
  readonly stamp: string
  overdue: Date | undefined
  /** The schedule, which tells whether it is overdue. Undefined: it cannot be read. */
  readonly schedule: Schedule | undefined
  readonly sealedDue: Date | undefined
  readonly lastRotated: Date | undefined
  readonly allowedMs: number
  /** Nothing is overdue before; undefined: never. */
  readonly quietUntil: Date | undefined
}

/**
 * Knows when something is to be done in which environment of a store. Reads an environment again
 * only when its settings or the history of its schedule have changed on the disk.
 */
export class DueQueue {
  readonly #jitterMs: number
  readonly #known = new Map<string, Known | { readonly stamp: string; readonly environment: undefined }>()
  /** Environments that wait although something is due: rotated by hand a moment ago, or in use. */
  readonly #notBefore = new Map<string, Date>()

  constructor({ jitterMs }: { readonly jitterMs: number }) {
    this.#jitterMs = jitterMs
  }

  /** By name. Paused ones too. */
  get entries(): readonly DueEntry[] {
    return [...this.#known.values()].flatMap((entry) => (entry.environment === undefined ? [] : [entry]))
  }

  /** Those with something to do now. */
  due(now: Date): string[] {
    return this.entries.flatMap(({ environment, at }) => {
      const wait = this.#notBefore.get(environment)
      return at !== undefined && at <= now && !(wait && wait > now) ? [environment] : []
    })
  }

  /** Returns the time when there is something to do next; undefined: never, as things stand. */
  next(): Date | undefined {
    let next: Date | undefined
    for (const { environment, at } of this.entries) {
      if (at === undefined) continue
      const wait = this.#notBefore.get(environment)
      const then = wait && wait > at ? wait : at
      if (next === undefined || then < next) next = then
    }
    return next
  }

  /** Not to be tried before; what is due stays due. */
  postpone(environment: string, until: Date): void {
    this.#notBefore.set(environment, until)
  }

  /** Looks at everything that has changed. */
  async refresh({ workspace }: Session, now: Date): Promise<void> {
    const names = visibleEnvironments(workspace)
    const there = new Set(names)
    for (const name of this.#known.keys()) if (!there.has(name)) this.forget(name)
    for (const name of names) {
      const folder = layout.environment(workspace.store.folder, name)
      const files = [layout.settings(folder), layout.events(folder, 'schedules'), layout.revisions(folder)]
      const stamp = files.map((file) => stampOf(workspace.store, file)).join()
      const known = this.#known.get(name)
      // What could not be read may be readable since, though no file has changed: a key was
      // trusted, a permission given.
      const readable = known?.environment === undefined || known.problem === undefined
      if (known?.stamp === stamp && readable) continue
      this.#known.set(name, await this.#look(workspace, { name, stamp, now }))
    }
    for (const entry of this.#known.values()) {
      if (entry.environment === undefined || entry.schedule === undefined) continue
      const { schedule, sealedDue, lastRotated, allowedMs, quietUntil } = entry
      // Asked of every environment after every run: instants are counted only where it matters.
      const quiet = quietUntil === undefined || now <= quietUntil
      entry.overdue = quiet ? undefined : await overdueInstant(schedule, { sealedDue, lastRotated, now, allowedMs })
    }
    for (const [name, until] of this.#notBefore) if (until <= now) this.#notBefore.delete(name)
  }

  /** Looks at an environment again although nothing need have changed. */
  forget(environment: string): void {
    this.#known.delete(environment)
  }

  async #look(
    workspace: Workspace,
    { name, stamp, now }: { readonly name: string; readonly stamp: string; readonly now: Date },
  ): Promise<Known | { readonly stamp: string; readonly environment: undefined }> {
    let paused = false
    try {
      const environment = workspace.store.environment(name)
      paused = scheduleOf(environment)?.paused ?? false
      const found = await stepOf(environment, now)
      if (found === undefined) return { stamp, environment: undefined }
      const { schedule, step, known } = found
      const at = step && new Date(step.at.getTime() + jitterMs(environment.id, this.#jitterMs))
      const notes = ignoredText(known.ignored)
      // Where the cooldown keeps a run waiting, nothing is wrong.
      const allowedMs = graceMs + this.#jitterMs + rotationGuardMs(environment)
      const shown = { environment: name, paused: schedule.paused, at, problem: undefined, notes }
      return {
        ...shown,
        stamp,
        overdue: undefined,
        schedule,
        sealedDue: known.sealed?.due,
        lastRotated: known.lastRotated,
        allowedMs,
        quietUntil: await notOverdueUntil(schedule, { sealedDue: known.sealed?.due, allowedMs }),
      }
    } catch (error) {
      const shown = { environment: name, paused, at: undefined, problem: messageOf(error), notes: [] }
      return {
        ...shown,
        stamp,
        overdue: undefined,
        schedule: undefined,
        sealedDue: undefined,
        lastRotated: undefined,
        allowedMs: 0,
        quietUntil: undefined,
      }
    }
  }
}

function stampOf({ kind, files }: Store, file: string): string {
  if (kind !== 'folder') return String(files.stat(file)?.modifiedMs)
  const stats = statSync(file, { throwIfNoEntry: false })
  return stats === undefined ? '-' : `${stats.ino} ${stats.size} ${stats.mtimeMs}`
}
