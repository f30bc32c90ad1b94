import { EscError } from '../../errors.ts'
import { formatJson, isJsonObject, type Json, type JsonObject } from '../../json.ts'
import { layout, type Store } from '../../store/index.ts'
import { storeOperation } from '../session/operation.ts'

/** Several machines, one git remote: only the holder of the lease rotates. */
export interface LeaseSettings {
  /** Name of the git remote, such as `origin`. */
  readonly remote: string
  /** The ref that stands for the lease. */
  readonly ref: string
  /** The time for which it holds when its holder says no more. */
  readonly ttlMs: number
  /** The action to take when the remote cannot be reached. */
  readonly whenUnreachable: 'refuse' | 'proceed'
}

/** `scheduler` in `esc.yaml`. */
export interface SchedulerSettings {
  /** Runs are spread over this time after their instant; only by `start`. */
  readonly jitterMs: number
  readonly lease: LeaseSettings | undefined
}

/** Reads the settings of schedulers. Throws EscError `invalid_input`, naming the field. */
export const schedulerSettings = storeOperation({
  name: 'get-scheduler-settings',
  level: undefined,
  audit: 'environment-read',
  run: async ({ store }) => settingsOf(store),
})

function settingsOf(store: Store): SchedulerSettings {
  const file = layout.configuration(store.folder)
  const fields = objectOf(store.configuration.get('scheduler') ?? {}, 'scheduler', ['jitter', 'lease'], file)
  const jitterMs = fields.jitter === undefined ? 60_000 : timeOf(fields.jitter, 'scheduler.jitter', file)
  if (jitterMs > 3_600_000) throw refused('scheduler.jitter', fields.jitter, 'at most 1h', file)
  if (fields.lease === undefined || fields.lease === null || fields.lease === false)
    return { jitterMs, lease: undefined }
  const lease = objectOf(fields.lease, 'scheduler.lease', ['remote', 'ref', 'ttl', 'whenUnreachable'], file)
  const { remote = 'origin', ref = 'refs/esc/scheduler-lease', ttl, whenUnreachable = 'refuse' } = lease
  if (typeof remote !== 'string' || !/^[A-Za-z0-9][\w./-]*$/.test(remote)) {
    throw refused('scheduler.lease.remote', remote, 'the name of a git remote, such as origin', file)
  }
  if (
    typeof ref !== 'string' ||
    !/^refs\/(?!heads\/|tags\/|remotes\/)[\w-]+\/[\w./-]+$/.test(ref) ||
    ref.includes('..')
  ) {
    throw refused('scheduler.lease.ref', ref, 'a ref of its own, such as refs/esc/scheduler-lease', file)
  }
  if (whenUnreachable !== 'refuse' && whenUnreachable !== 'proceed') {
    throw refused('scheduler.lease.whenUnreachable', whenUnreachable, 'refuse or proceed', file)
  }
  const ttlMs = ttl === undefined ? 30 * 60_000 : timeOf(ttl, 'scheduler.lease.ttl', file)
  if (ttlMs < 60_000) throw refused('scheduler.lease.ttl', ttl, 'at least 1m: a rotation must fit into it', file)
  return { jitterMs, lease: { remote, ref, ttlMs, whenUnreachable } }
}

function objectOf(value: Json, field: string, known: readonly string[], file: string): JsonObject {
  const form = `a mapping with ${known.join(', ')}`
  if (!isJsonObject(value)) throw refused(field, value, form, file)
  const unknown = Object.keys(value).find((key) => !known.includes(key))
  if (unknown !== undefined) throw refused(`${field}.${unknown}`, value[unknown], `nothing: ${field} is ${form}`, file)
  return value
}

function timeOf(value: Json, field: string, file: string): number {
  const match = /^([0-9]{1,6})(s|m|h)?$/.exec(String(value))
  const unit = { s: 1000, m: 60_000, h: 3_600_000 }[match?.[2] ?? 's'] ?? 1000
  if (match && (match[2] || match[1] === '0')) return Number(match[1]) * unit
  throw refused(field, value, 'a time such as 90s, 5m or 1h', file)
}

function refused(field: string, value: Json | undefined, form: string, file: string): EscError {
  const shown = typeof value === 'string' ? value : formatJson(value ?? null)
  return new EscError('invalid_input', `${field} in ${file} is '${shown}'`, { hint: `write ${form}` })
}
