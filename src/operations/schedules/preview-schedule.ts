import { EscError } from '../../errors.ts'
import type { Text } from '../../rich-text.ts'
import { describeCron, instantsAfter, readTiming, type Timed, timeZone } from '../../schedule/index.ts'
import { storeOperation } from '../session/operation.ts'
import { timingSchema } from './schedules.ts'

/** The runs of a schedule, before there is one. */
export interface SchedulePreview {
  /** The cron expression in words, such as `At 03:00, only on Monday`. Absent: it has none. */
  readonly words?: string
  /** Its next instants, in order. */
  readonly next: readonly Date[]
  /** The reason why there is no such schedule, and the input that it lies in. */
  readonly problem?: { readonly input: 'cron' | 'once' | 'timezone'; readonly message: Text; readonly hint?: Text }
}

interface PreviewRequest {
  readonly cron?: string
  readonly once?: string
  readonly timezone?: string
  /** The number of instants to find. Default: 5. */
  readonly count?: number
}

/**
 * Reads the timing of a schedule that somebody is typing: in words, with the instants that come
 * next. A mistake is a result here, and no error. Needs no key and no level: it is about the clock.
 */
export const previewSchedule = storeOperation({
  name: 'preview-schedule',
  level: undefined,
  audit: 'environment-read',
  input: (z) => timingSchema(z).extend({ count: z.int().min(1).max(100).optional() }),
  async run({ host }, { count = 5, ...request }: PreviewRequest): Promise<SchedulePreview> {
    const now = host.now()
    let timed: Timed
    try {
      timed = await readTiming(request, now)
    } catch (error) {
      return { next: [], problem: problemOf(error, request) }
    }
    const next: Date[] = []
    for await (const instant of instantsAfter(timed, now)) {
      next.push(instant)
      if (next.length >= count) break
    }
    return { ...(timed.timing.kind === 'cron' && { words: await describeCron(timed.timing.expression) }), next }
  },
})

function problemOf(error: unknown, { once, timezone }: PreviewRequest): SchedulePreview['problem'] {
  if (!(error instanceof EscError) || error.code !== 'usage') throw error
  const { richMessage, message, richHint, hint } = error
  const input = once !== undefined ? 'once' : isZone(timezone) ? 'cron' : 'timezone'
  return { input, message: richMessage ?? message, hint: richHint ?? hint }
}

function isZone(timezone: string | undefined): boolean {
  try {
    if (timezone !== undefined) timeZone(timezone)
    return true
  } catch {
    return false
  }
}
