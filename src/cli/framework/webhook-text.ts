import { EscError } from '../../errors.ts'
import type { Delivery, Webhook } from '../../operations/index.ts'
import type { Io } from '../terminal/index.ts'
import { reportError } from './report-error.ts'

export function webhookBlock({
  name,
  displayName,
  url,
  active,
  format,
  events,
  groups,
  hasSecret,
  headerNames,
  template,
}: Webhook): string {
  const listed = (values: readonly string[]) => (values.length === 0 ? '-' : values.join(', '))
  return [
    `Name: ${name}`,
    `Display name: ${displayName}`,
    `URL: ${url}`,
    `Active: ${active}`,
    `Format: ${format}`,
    `Events: ${listed(events)}`,
    `Event groups: ${listed(groups)}`,
    `Has secret: ${hasSecret}`,
    ...(headerNames.length === 0 ? [] : [`Headers: ${listed(headerNames)}`]),
    ...(template === undefined ? [] : [`Template: ${template}`]),
  ].join('\n')
}

/** As the list has it. */
export function webhookSummary({ name, displayName, url, active, format }: Webhook) {
  return { name, displayName, payloadUrl: url, active, format }
}

export function webhookJson(webhook: Webhook) {
  const { events, groups, hasSecret, headerNames, template } = webhook
  return {
    ...webhookSummary(webhook),
    ...(events.length === 0 ? {} : { events }),
    ...(groups.length === 0 ? {} : { eventGroups: groups }),
    hasSecret,
    ...(headerNames.length === 0 ? {} : { headers: headerNames }),
    ...(template === undefined ? {} : { template }),
  }
}

/** Tells how a delivery went that was sent just now. */
export function sentBlock({ id, kind, attempts }: Delivery): string {
  const { responseCode = 0, durationMs = 0 } = attempts.at(-1) ?? {}
  return [`ID: ${id}`, `Kind: ${kind}`, `Response code: ${responseCode}`, `Duration (ms): ${durationMs}`].join('\n')
}

export function deliveryJson({ id, kind, state, created, attempts }: Delivery) {
  const last = attempts.at(-1)
  return {
    id,
    kind,
    timestamp: last?.at ?? created,
    responseCode: last?.responseCode ?? 0,
    duration: last?.durationMs ?? 0,
    state,
    attempts: attempts.length,
    ...(last?.error === undefined ? {} : { error: last.error }),
  }
}

/** RFC 3339, whole seconds: in UTC or local time. */
export function timeOf(time: string, utc: boolean): string {
  const date = new Date(time)
  const offset = utc ? 0 : -date.getTimezoneOffset()
  const shown = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, 19)
  if (offset === 0) return `${shown}Z`
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60]
  const digits = (number: number) => String(number).padStart(2, '0')
  return `${shown}${offset < 0 ? '-' : '+'}${digits(hours)}:${digits(minutes)}`
}

/** For after the answer was printed; returns the exit code. */
export function reportUndelivered({ state, attempts }: Delivery, io: Io): number {
  if (state === 'delivered') return 0
  const reason = attempts.at(-1)?.error ?? 'it was not sent'
  return reportError(new EscError('provider_failed', `the delivery failed: ${reason}`), io, 'text')
}
