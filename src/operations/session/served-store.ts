import type { StoreHost, StoreRecords } from '../../store/index.ts'
import { AuditBatch } from './audit-batch.ts'
import { openWorkspaceAt, openWorkspaceIn } from './open-workspace.ts'
import { RecalledResults } from './recalled-results.ts'
import { Session } from './session.ts'
import type { Caller, SessionHost, SessionPolicy } from './session-parts.ts'

/** The time for which unwrapped keys are kept: whoever takes a key away is heard after that. */
const keysLastMs = 10 * 60_000

/** The host and policy of one session of a served store, where they differ from the usual ones. */
export interface ServedSession {
  readonly host?: Partial<SessionHost>
  readonly policy?: SessionPolicy
}

/**
 * A store that a long-lived process serves to many callers, each in sessions of its own:
 *
 * ```ts
 * const served = new ServedStore('environments', host)
 * const session = served.session({ principal: { name: 'ada', from: 'token' } })
 * ```
 *
 * Each session reads `esc.yaml` as it is then, which takes some microseconds, and knows its caller
 * alone: rules are asked for that one, and lines of the audit log and revisions are theirs. What
 * sessions share is that a data key is unwrapped once in ten minutes, and what was kept of an
 * opening is decrypted once: a session gets either only where its caller may open the environment.
 * Lines of the audit log that come at once are written together.
 */
export class ServedStore {
  readonly #place: string | StoreRecords
  readonly #host: SessionHost
  readonly #auditBatch = new AuditBatch()
  #recalled = new RecalledResults()
  #unwrapped: NonNullable<StoreHost['unwrapped']> = new Map()
  #sinceMs = Number.NEGATIVE_INFINITY

  /**
   * @param place the folder of the store, or of what holds it in `environments/`; or what keeps it
   * (`openDatabase`).
   */
  constructor(place: string | StoreRecords, host: SessionHost) {
    this.#place = place
    this.#host = host
  }

  /**
   * Opens a session for a caller. It takes less than a tenth of a millisecond: one for each
   * request.
   *
   * @throws EscError `not_found` when the store is gone; `store_damaged`.
   */
  session(caller: Caller & Required<Pick<Caller, 'principal'>>, { host, policy = {} }: ServedSession = {}): Session {
    const shared = { unwrapped: this.#keys() }
    const ofProcess = { auditBatch: this.#auditBatch, recalled: this.#recalled }
    const parts = { caller, host: { ...this.#host, ...ofProcess, ...host }, policy }
    const place = this.#place
    const workspace =
      typeof place === 'string' ? openWorkspaceAt(place, parts, 'named', shared) : openWorkspaceIn(place, parts, shared)
    return new Session(workspace)
  }

  /** Sessions that are open already keep the keys that they have. */
  #keys(): NonNullable<StoreHost['unwrapped']> {
    const nowMs = this.#host.now().getTime()
    if (Math.abs(nowMs - this.#sinceMs) >= keysLastMs) {
      this.#unwrapped = new Map()
      this.#recalled = new RecalledResults()
      this.#sinceMs = nowMs
    }
    return this.#unwrapped
  }
}
