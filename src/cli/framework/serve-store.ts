import manifest from '../../../package.json' with { type: 'json' }
import type { Notice } from '../../notice.ts'
import {
  checkServerSettings,
  packageFile,
  reopenSession,
  requireSharedKeys,
  ServedStore,
  tokenCaller,
} from '../../operations/index.ts'
import { type MetricsAddress, type MetricsServer, type SchedulerLook, serveMetrics } from '../../scheduler/index.ts'
import type { AnySession } from './database.ts'
import type { Host } from './host.ts'
import { noticeText } from './notice-text.ts'
import { EXIT } from './report-error.ts'
import { lookAfterSchedules } from './served-schedules.ts'
import type { ServerLog } from './server-log.ts'
import { sessionRequest } from './session.ts'
import type { tlsFiles } from './tls-files.ts'

/** The manner in which a store is served. */
export interface Serving {
  readonly reach: {
    readonly host: string
    readonly port: number
    readonly tls: ReturnType<typeof tlsFiles>
    readonly behindProxy: boolean
    readonly tokenRate: number | undefined
  }
  readonly log: ServerLog
  /** The address of metrics and probes besides the usual ones. */
  readonly metrics: MetricsAddress | undefined
  /** True when the server looks after schedules, too. */
  readonly scheduler: boolean
  /** The person at this machine, who is signed in by a link. `undefined`: nobody is. */
  readonly person?: string
  /** Hears that the server is ready. `link`: signs `person` in, once. */
  readonly ready: (url: string, link: string | undefined) => void
}

/** Nobody is there to be asked. */
export const unattended = { prompt: undefined, askTrust: undefined }

/** Serves a store until a signal ends it, and what was under way then has ended. */
export async function serveStore(
  io: Host,
  flags: { readonly store?: string },
  { session, records }: AnySession,
  { reach, log, metrics: metricsAddress, scheduler, person, ready }: Serving,
): Promise<void> {
  const { host, policy } = sessionRequest(io, flags)
  const notify = (notice: Notice) => log.say(noticeText(notice))
  const served = new ServedStore(records ?? session.folder, { ...host, ...unattended, notify })
  const open = () => reopenSession(session, { deliver: undefined, onCommit: undefined })
  const { stop, abort, end } = signals(io, log, reach.tls !== undefined)
  // Rotations that were cut off are among the jobs.
  const jobs = scheduler ? records?.jobs('environment') : undefined
  let schedules: SchedulerLook | undefined
  let metrics: MetricsServer | undefined
  try {
    const { serveApi } = await import('../../server/index.ts')
    await checkServerSettings(session)
    await requireSharedKeys(session)
    await serveApi({
      ...reach,
      session,
      open,
      sessionFor: (token, address, changed) => served.session(tokenCaller(token, address), { policy, host: changed }),
      consoleFile: (name) => packageFile(`dist/console/${name}`),
      person,
      now: io.now,
      version: manifest.version,
      stop,
      abort,
      finishes: jobs === undefined,
      deliveryJobs: records?.jobs('delivery'),
      probed: async (probes) => {
        if (metricsAddress === undefined) return
        metrics = await serveMetrics(metricsAddress, { ...probes, illness: () => undefined })
        log.say(`metrics at ${metrics.url}/metrics`)
      },
      otherMetrics: () => schedules?.metrics() ?? '',
      otherWork: async () => {
        const look = (found: SchedulerLook) => {
          schedules = found
        }
        if (scheduler) await lookAfterSchedules({ jobs, open, stop, abort, say: log.say, look })
      },
      ready,
      say: log.say,
      log: log.request,
      failed: log.failed,
    })
    log.say('stopped')
  } finally {
    await metrics?.close()
    end()
  }
}

/** The first signal ends the server once its work is done, the second after one more step. */
function signals(io: Host, { say }: ServerLog, reloads: boolean) {
  const [stop, abort] = [new AbortController(), new AbortController()]
  const end = io.onInterrupt((signal) => {
    // The files of the certificate are read again.
    if (signal === 'SIGHUP' && reloads) return
    if (abort.signal.aborted) io.exit(EXIT.interrupted)
    if (stop.signal.aborted) {
      say(`received ${signal} again: ending after the step in flight; once more to stop at once`)
      abort.abort()
    } else {
      say(`received ${signal}: finishing what is under way`)
      stop.abort()
    }
  })
  return { stop: stop.signal, abort: abort.signal, end }
}
