import { join } from 'node:path'
import { appendLine, makeFolders } from '../files/index.ts'
import type { EnvironmentContext } from './environment-context.ts'
import { appendMachineEvent, readEvents } from './events.ts'
import { layout } from './layout.ts'
import type { ScheduleRun } from './records/records.ts'
import { stateLayout } from './state/state-layout.ts'

/** Records of what happened to one environment: rotations, and runs of its schedule. */
export class EnvironmentEvents {
  readonly #context: EnvironmentContext
  readonly #id: string

  constructor(context: EnvironmentContext, id: string) {
    this.#context = context
    this.#id = id
  }

  /**
   * The events of a kind, oldest first, with those of this machine. A line that a
   * crash cut short is left out.
   */
  list<Event>(kind: string): Event[] {
    const { folder, host } = this.#context
    return readEvents<Event>(host.files, { shared: layout.events(folder, kind), own: this.#onMachine(kind) })
  }

  /**
   * Appends one line to `events/<kind>.jsonl`, durably. No secrets: the file is committed as it is.
   * @param run the run of a schedule that the line is the record of, and which part of it.
   * @throws EscError `already_exists` when another process has recorded the run.
   */
  async append(
    kind: string,
    event: object,
    run?: ScheduleRun & { readonly part: 'recorded' | 'failed' },
  ): Promise<void> {
    const { folder, host, name, records } = this.#context
    host.guard(name, 'write')
    await records.transaction({ environment: name, purpose: 'record' }, (transaction) => {
      if (run !== undefined) transaction.partOf(run, run.part)
      makeFolders(host.files, join(folder, 'events'))
      appendLine(host.files, layout.events(folder, kind), JSON.stringify(event))
    })
  }

  /**
   * Records what has come to nothing: on this machine alone, so that trying in vain changes no file
   * of the repository. For the holder of the environment's lock.
   */
  appendOnMachine(kind: string, event: object): void {
    const { host, name } = this.#context
    host.guard(name, 'write')
    appendMachineEvent(host.files, this.#onMachine(kind), event)
  }

  #onMachine(kind: string): string {
    return stateLayout.events(this.#context.state.folder, { kind, id: this.#id })
  }
}
