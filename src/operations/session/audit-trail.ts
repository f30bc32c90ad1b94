import {
  type AuditDetails,
  type AuditEntry,
  type AuditEvent,
  type AuditOrigin,
  type AuditResult,
  type AuditSettings,
  appendAudit,
  appendSharedAudit,
  auditSettings,
} from '../../audit/index.ts'
import { EscError, messageOf } from '../../errors.ts'
import { layout, machineProcesses, type Store } from '../../store/index.ts'
import { timestamp } from '../../timestamp.ts'
import type { Principal } from './principal.ts'
import type { Caller, SessionHost, SessionParts } from './session-parts.ts'

/** Something that was allowed, and whose outcome is not known yet. */
export interface Permitted {
  /** It has been done. Of what only reads, nothing more is written. */
  done(details?: AuditDetails): void
  /** `error`: something thrown, or the code of an error. */
  failed(error: unknown, details?: AuditDetails): void
}

interface Doing {
  readonly event: AuditEvent
  readonly environment: string
}

/** Something whose line is written, or on its way to a log that servers share. */
interface Begun extends Doing {
  readonly writing: Writing
}

/** `undefined`: it is written. */
type Writing = Promise<void> | undefined

/**
 * Reading changes nothing: that it was allowed says it all. Seeing a definition without its
 * secrets is no event at all.
 */
const reading: readonly AuditEvent[] = ['environment-open', 'environment-imported', 'environment-decrypted']
const unrecorded: readonly AuditEvent[] = ['environment-read', 'environment-update-planned', 'audit-log-read']

/** The trail of what a user does with a store, written down before it is done. */
export class AuditTrail {
  readonly #store: Store
  readonly #host: SessionHost
  readonly #caller: Caller
  readonly #principal: () => Principal
  readonly #pending = new Map<string, Begun>()
  readonly #files = new Set<string>()
  /** Lines that wait to be written together. Undefined: each is written at once. */
  #waiting: (() => AuditEntry)[] | undefined
  /** Lines on their way to a log that servers share, before something leaves. */
  #flushing: Writing
  /** The same, about what cannot be refused any more. */
  readonly #sending = new Set<Promise<void>>()
  #settings: AuditSettings | undefined
  #origin: AuditOrigin | undefined

  constructor(store: Store, { host, caller }: Pick<SessionParts, 'host' | 'caller'>, principal: () => Principal) {
    this.#store = store
    this.#host = host
    this.#caller = caller
    this.#principal = principal
  }

  /** Files of the log that were written and belong into git. */
  get files(): readonly string[] {
    return this.settings.keep === 'repository' ? [...this.#files] : []
  }

  /** The settings of `audit:` in `esc.yaml`. @throws EscError `invalid_input`. */
  get settings(): AuditSettings {
    if (this.#settings === undefined) {
      const { configuration, folder, kind } = this.#store
      // Spares most stores the parser, as with the access rules.
      const section = configuration.mayHave('audit') ? configuration.get('audit') : undefined
      const settings = auditSettings(section, layout.configuration(folder))
      // A database is no repository.
      const isElsewhere = settings.keep === 'repository' && kind !== 'folder'
      this.#settings = isElsewhere ? { ...settings, keep: 'beside' } : settings
    }
    return this.#settings
  }

  /**
   * It is about to be done: written down once, however many functions say so. Details that
   * are a function are asked for when the line is written: within `together`, that is when
   * all is known that takes part. It is awaited before what it is about is done.
   *
   * @throws EscError `io` when the line cannot be written and the store requires it.
   */
  begin(
    event: AuditEvent,
    environment: string,
    details?: AuditDetails | (() => AuditDetails),
  ): Permitted | Promise<Permitted> {
    if (unrecorded.includes(event) || this.settings.keep === 'off') return { done() {}, failed() {} }
    const doing = { event, environment }
    const key = `${event} ${environment}`
    const permitted = this.#permitted(doing, key)
    const begun = this.#pending.get(key)
    const writing = begun === undefined ? this.#write(doing, 'allowed', details) : begun.writing
    if (begun === undefined) this.#pending.set(key, { ...doing, writing })
    if (writing === undefined) return permitted
    const unwritten = (error: unknown) => {
      this.#pending.delete(key)
      throw error
    }
    return writing.then(() => permitted, unwritten)
  }

  #permitted(doing: Doing, key: string): Permitted {
    const { event } = doing
    const finish = (result: 'done' | 'failed', more?: AuditDetails) => {
      if (!this.#pending.delete(key) || (result === 'done' && reading.includes(event))) return
      this.#send(this.#write(doing, result, more))
    }
    return {
      done: (more) => finish('done', more),
      failed: (error, more) => finish('failed', { code: codeOf(error), ...more }),
    }
  }

  denied(event: AuditEvent, environment: string, details: AuditDetails): void {
    if (this.settings.keep !== 'off') this.#send(this.#write({ event, environment }, 'denied', details))
  }

  /**
   * Does work that lets nothing out before it ends, except after `flush`: what it uses is written
   * down together, which takes a third of the time for an environment with two imports.
   */
  async together<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting !== undefined) return work()
    this.#waiting = []
    try {
      return await work()
    } finally {
      try {
        await this.#flushWithOthers()
      } finally {
        this.#waiting = undefined
      }
    }
  }

  /** Writes down what waits: something is about to leave. It is awaited before that. */
  flush(): Writing {
    const entries = this.#takeWaiting()
    const writing = entries && this.#append(entries)
    // What somebody else has begun to write down may be about the same.
    if (writing !== undefined) this.#flushing = Promise.all([this.#flushing, writing]).then(() => {})
    return this.#flushing
  }

  /** Resolves once nothing is on its way any more. Never rejects. */
  async settled(): Promise<void> {
    while (this.#sending.size > 0) await Promise.all(this.#sending)
  }

  /** The same as `flush`, together with the lines of other sessions. */
  async #flushWithOthers(): Promise<void> {
    const { auditBatch } = this.#host
    const entries = this.#takeWaiting()
    if (entries === undefined) return
    // Servers that share a log wait for one another in any case.
    if (auditBatch === undefined || this.settings.keep === 'off' || this.#store.shared !== undefined) {
      await this.#append(entries)
      return
    }
    try {
      this.#files.add(await auditBatch.append(this.#place, entries, { synced: this.settings.required }))
    } catch (error) {
      this.#missed(error, entries)
    }
  }

  #takeWaiting(): Entries | undefined {
    const [first, ...more] = this.#waiting?.splice(0).map((entry) => entry()) ?? []
    return first && [first, ...more]
  }

  /**
   * The command has ended: so has all that it began. `error`: what it failed
   * of; undefined: of nothing.
   */
  end(error: unknown): void {
    for (const [key, doing] of this.#pending) {
      this.#pending.delete(key)
      if (error !== undefined) this.#send(this.#write(doing, 'failed', { code: codeOf(error) }))
      else if (!reading.includes(doing.event)) this.#send(this.#write(doing, 'done', undefined))
    }
  }

  #write(
    { event, environment }: Doing,
    result: AuditResult,
    details: AuditDetails | (() => AuditDetails) | undefined,
  ): Writing {
    const { name, from } = this.#principal()
    this.#origin ??= originOf(this.#caller, this.#host)
    const time = timestamp(this.#host.now())
    const who = { user: name, userFrom: from, ...this.#origin }
    const entry = (): AuditEntry => {
      const known = typeof details === 'function' ? details() : details
      const isAny = known !== undefined && Object.keys(known).length > 0
      return { time, event, result, environment, ...who, ...(isAny && { details: known }) }
    }
    if (this.#waiting === undefined) return this.#append([entry()])
    this.#waiting.push(entry)
    return undefined
  }

  get #place() {
    const { folder, state } = this.#store
    const { keep } = this.settings
    return { store: folder, state: state.folder, keep: keep === 'repository' ? keep : 'beside' } as const
  }

  /** Sends a line about what is over, or was refused: nobody waits for it but the operation. */
  #send(writing: Writing): void {
    if (writing === undefined) return
    const sending = writing
      .catch((error) => this.#host.notify({ kind: 'audit-not-written', reason: messageOf(error) }))
      .finally(() => this.#sending.delete(sending))
    this.#sending.add(sending)
  }

  #append(entries: Entries): Writing {
    const { keep, required } = this.settings
    if (keep === 'off') return undefined
    const { shared } = this.#store
    if (shared !== undefined)
      return appendSharedAudit(shared.audit, entries).catch((error) => this.#missed(error, entries))
    try {
      this.#files.add(appendAudit(this.#place, entries, { synced: required }))
    } catch (error) {
      this.#missed(error, entries)
    }
    return undefined
  }

  /** @throws what has kept the lines from being written, where nothing may be done without them. */
  #missed(error: unknown, entries: readonly AuditEntry[]): void {
    this.#host.auditFailed?.()
    // What has been done cannot be refused any more.
    const isAhead = entries.some(({ result }) => result === 'allowed' || result === 'denied')
    if (this.settings.required && isAhead) throw error
    this.#host.notify({ kind: 'audit-not-written', reason: messageOf(error) })
  }
}

type Entries = readonly [AuditEntry, ...AuditEntry[]]

function codeOf(error: unknown): string {
  return typeof error === 'string' ? error : error instanceof EscError ? error.code : 'failed'
}

/** Variables by which CI systems say who they are, and the number of the run. */
const ciSystems = [
  ['GITHUB_ACTIONS', 'github-actions', 'GITHUB_RUN_ID'],
  ['GITLAB_CI', 'gitlab', 'CI_JOB_ID'],
  ['BUILDKITE', 'buildkite', 'BUILDKITE_BUILD_NUMBER'],
  ['CIRCLECI', 'circleci', 'CIRCLE_BUILD_NUM'],
  ['TF_BUILD', 'azure-pipelines', 'BUILD_BUILDID'],
  ['JENKINS_URL', 'jenkins', 'BUILD_NUMBER'],
  ['CI', 'ci', ''],
] as const

/** Returns the origin of a caller. Of one that the face has named, the variables say nothing. */
function originOf({ origin, principal }: Caller, { env }: Pick<SessionHost, 'env'>): AuditOrigin {
  const here = { host: machineProcesses.self().host, process: process.pid }
  if (principal !== undefined) return { ...here, ...origin }
  const ci = ciSystems.find(([variable]) => env[variable])
  const run = ci && env[ci[2]]
  const address = env.SSH_CONNECTION?.split(' ')[0]
  return {
    ...here,
    ...(ci && { ci: run ? `${ci[1]} ${run}` : ci[1] }),
    ...(address && { address }),
    ...origin,
  }
}
