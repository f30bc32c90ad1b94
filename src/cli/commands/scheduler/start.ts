import { EscError } from '../../../errors.ts'
import type { Text } from '../../../rich-text.ts'
import { parseListenAddress, startScheduler } from '../../../scheduler/index.ts'
import { COMMIT_FLAG, EscCommand } from '../../framework/command.ts'
import { duration, list, text } from '../../framework/flags.ts'
import { EXIT } from '../../framework/report-error.ts'
import { runLine } from '../../framework/run-text.ts'
import { waitOrStop } from '../../framework/served-schedules.ts'
import { openUnattended } from '../../framework/session.ts'
import { worded } from '../../terminal/index.ts'

const flags = {
  every: duration({ description: 'look for edits and new schedules at least so often', default: '30s' }),
  health: duration({ description: 'say so often that all is well', default: '1h' }),
  metrics: text({ description: 'serve /metrics (Prometheus) and /healthz on this port', value: '[address:]port' }),
  'metrics-host': list({
    description:
      'answer requests for this host name too, such as that of a service in Kubernetes; may be given several times',
    value: 'name',
  }),
  ...COMMIT_FLAG,
}

export default class SchedulerStart extends EscCommand<void, typeof flags> {
  static override id = 'scheduler:start'
  static override summary = 'Run due rotations continuously, until stopped.'
  static override description =
    `Runs in the foreground and rotates environments when their schedules are due. It notices edits, pauses and new schedules. Only one
scheduler can run per store and machine; a second one is refused. Runs that were missed are made up for by one run. Runs at the same time
are spread over a minute (scheduler.jitter in esc.yaml).

On Ctrl-C or SIGTERM, the current rotation is finished and nothing new begins. A second signal stops it after the current step, a third at
once; the next start continues. The key comes from ESC_KEY, ESC_PASSPHRASE_FILE or the secrets provider, never from a prompt.`
  static override examples = [
    { description: 'Run the scheduler', command: 'esc scheduler start' },
    { description: 'With metrics for Prometheus', command: 'esc scheduler start --metrics 9187' },
  ]
  static override flags = flags

  async run(): Promise<void> {
    const { every, health, metrics } = this.flags
    if (every < 1 || health < 1) {
      throw new EscError('usage', `--${every < 1 ? 'every' : 'health'} is less than a second`, {
        hint: 'write a time such as 30s',
      })
    }
    const stop = new AbortController()
    const abort = new AbortController()
    const log = (line: Text) => this.io.out(`${this.io.now().toISOString()} ${worded(line)}\n`)
    const end = this.io.onInterrupt((signal) => {
      if (abort.signal.aborted) this.io.exit(EXIT.interrupted)
      if (stop.signal.aborted) {
        log(`received ${signal} again: ending after the step in flight; once more to stop at once`)
        abort.abort()
      } else {
        log(`received ${signal}: finishing what is under way`)
        stop.abort()
      }
    })
    try {
      await startScheduler({
        open: openUnattended(this.io, this.flags),
        stop: stop.signal,
        abort: abort.signal,
        pollMs: every * 1000,
        healthEveryMs: health * 1000,
        metrics:
          metrics === undefined ? undefined : { ...parseListenAddress(metrics), names: this.flags['metrics-host'] },
        log,
        onRun: (outcome) => {
          log(runLine(outcome))
          for (const warning of outcome.warnings) log(`${outcome.environment}: warning: ${worded(warning)}`)
          if (outcome.hint !== undefined) log(`${outcome.environment}: hint: ${worded(outcome.hint)}`)
        },
        sleep: (ms) => waitOrStop(ms, stop.signal),
        rssBytes: () => process.memoryUsage.rss(),
      })
      log('stopped')
    } finally {
      end()
    }
  }

  text(): undefined {}
}
