import { type RemoteSchedule, scheduleListShape, scheduleRunsShape, scheduleShape } from './answers.ts'
import { apiPath, askJson, askServer } from './exchange.ts'
import type { PartOfEnvironment } from './remote-revisions.ts'

/** The times at which a rotation runs: a cron expression, or one time in RFC 3339. */
export interface RemoteTiming {
  readonly scheduleCron?: string
  readonly scheduleOnce?: string
}

/** The schedules of an environment on a server. */
export class RemoteSchedules {
  readonly #of: PartOfEnvironment

  constructor(of: PartOfEnvironment) {
    this.#of = of
  }

  async all(): Promise<readonly RemoteSchedule[]> {
    const { endpoint, fullName } = this.#of
    const request = { method: 'GET', path: this.#path(), doing: `list the schedules of '${fullName}'` } as const
    return (await askJson(endpoint, request, scheduleListShape)).schedules
  }

  /** @throws EscError `not_found`. */
  get(id: string): Promise<RemoteSchedule> {
    return askJson(
      this.#of.endpoint,
      { method: 'GET', path: this.#path(id), doing: 'read the schedule' },
      scheduleShape,
    )
  }

  create(timing: RemoteTiming): Promise<RemoteSchedule> {
    const body = { ...timing, secretRotationRequest: { environmentPath: '' } }
    const request = { method: 'POST', path: this.#path(), body, doing: 'create the schedule' } as const
    return askJson(this.#of.endpoint, request, scheduleShape)
  }

  /** @throws EscError `not_found`. */
  change(id: string, timing: RemoteTiming): Promise<RemoteSchedule> {
    const request = { method: 'PATCH', path: this.#path(id), body: timing, doing: 'change the schedule' } as const
    return askJson(this.#of.endpoint, request, scheduleShape)
  }

  /** @throws EscError `not_found`. */
  async remove(id: string): Promise<void> {
    await askServer(this.#of.endpoint, { method: 'DELETE', path: this.#path(id), doing: 'remove the schedule' })
  }

  /** The runs of a schedule. @throws EscError `not_found`. */
  async runs(id: string) {
    const request = {
      method: 'GET',
      path: `${this.#path(id)}/history`,
      doing: 'list the runs of the schedule',
    } as const
    return (await askJson(this.#of.endpoint, request, scheduleRunsShape)).scheduleHistoryEvents
  }

  #path(id?: string): string {
    return `${this.#of.path}/schedules${id === undefined ? '' : apiPath(id)}`
  }
}
