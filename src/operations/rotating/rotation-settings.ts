import { EscError } from '../../errors.ts'
import { formatJson, isJsonObject, type Json } from '../../json.ts'
import { defaultRetryPolicy, noRetries, type RetryPolicy, retryPolicy } from '../../rotation/index.ts'
import { type Environment, layout, type Store } from '../../store/index.ts'

const defaultGuardMs = 10 * 60_000
const mostTries = 20

/**
 * `rotationGuard` of an environment's settings: a number of seconds, minutes, hours or days, such
 * as `30m`; `0` turns it off.
 */
export function rotationGuardMs(environment: Environment): number {
  const text = environment.settings.get('rotationGuard')
  if (text === undefined || text === null) return defaultGuardMs
  const timeMs = parseTime(text)
  if (timeMs !== undefined) return timeMs
  throw new EscError('invalid_input', `rotationGuard in ${layout.settings(environment.folder)} is '${shown(text)}'`, {
    hint: 'write a time such as 30m or 24h, or 0 for no guard',
  })
}

/**
 * `rotationRetries` of an environment's settings, else of `esc.yaml`: `{tries: 5, within: 2m}`,
 * each of which may be left out, or `0` for none.
 */
export function rotationRetries(store: Store, environment: Environment): RetryPolicy {
  const own = environment.settings.get('rotationRetries')
  const file = own === undefined ? layout.configuration(store.folder) : layout.settings(environment.folder)
  const field = own === undefined ? store.configuration.get('rotationRetries') : own
  if (field === undefined || field === null) return defaultRetryPolicy
  const policy = parseRetries(field)
  if (policy) return policy
  throw new EscError('invalid_input', `rotationRetries in ${file} is '${shown(field)}'`, {
    hint: `write {tries: 5, within: 2m}, with at most ${mostTries} tries, or 0 for none`,
  })
}

function parseRetries(field: Json): RetryPolicy | undefined {
  if (shown(field) === '0') return noRetries
  if (!isJsonObject(field)) return undefined
  if (Object.keys(field).some((key) => key !== 'tries' && key !== 'within')) return undefined
  const tries = field.tries === undefined ? defaultRetryPolicy.waitsMs.length + 1 : Number(shown(field.tries))
  const budgetMs = field.within === undefined ? defaultRetryPolicy.budgetMs : parseTime(field.within)
  if (!Number.isInteger(tries) || tries < 1 || tries > mostTries || budgetMs === undefined) return undefined
  return retryPolicy({ tries, budgetMs })
}

function parseTime(text: Json): number | undefined {
  const match = /^([0-9]{1,6})(s|m|h|d)?$/.exec(shown(text))
  const unit = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match?.[2] ?? 's'] ?? 1000
  return match && (match[2] || match[1] === '0') ? Number(match[1]) * unit : undefined
}

function shown(value: Json): string {
  return typeof value === 'string' ? value : formatJson(value)
}
