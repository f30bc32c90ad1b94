import { realpathSync } from 'node:fs'
import { userInfo } from 'node:os'
import { basename } from 'node:path'
import { EscError } from '../../../errors.ts'
import { schedulerUnit, unitKinds } from '../../../scheduler/index.ts'
import { EscCommand } from '../../framework/command.ts'
import { boolean, text } from '../../framework/flags.ts'
import { openSession } from '../../framework/session.ts'

const flags = {
  systemd: boolean({ description: 'a service for systemd, which keeps "esc scheduler start" running' }),
  cron: boolean({ description: 'lines for a crontab, which run "esc scheduler tick"' }),
  'github-actions': boolean({ description: 'a workflow for GitHub Actions' }),
  kubernetes: boolean({ description: 'a CronJob for Kubernetes' }),
  image: text({ description: 'with --kubernetes: the image that has esc and git in it', value: 'name' }),
}

export default class SchedulerInstall extends EscCommand<string, typeof flags> {
  static override id = 'scheduler:install'
  static override summary = 'Print a systemd unit, crontab, CI workflow or CronJob to run it.'
  static override description =
    `Prints a systemd unit, crontab lines, a GitHub Actions workflow or a Kubernetes CronJob for this store. Comments in it say where
to put it and how to provide the key, which it does not contain. Nothing is installed.`
  static override examples = [
    { description: 'A service for systemd', command: 'esc scheduler install --systemd' },
    { description: 'A workflow for GitHub Actions', command: 'esc scheduler install --github-actions' },
  ]
  static override flags = flags

  async run(): Promise<string> {
    const chosen = unitKinds.filter((kind) => this.flags[kind])
    const [kind] = chosen
    if (kind === undefined || chosen.length > 1) {
      const all = unitKinds.map((each) => `--${each}`).join(', ')
      throw new EscError('usage', `exactly one of ${all} must be set`, { hint: 'name what is to start the scheduler' })
    }
    const { image } = this.flags
    if (image !== undefined && kind !== 'kubernetes') {
      throw new EscError('usage', '--image goes with --kubernetes', { hint: 'leave it out' })
    }
    return schedulerUnit(openSession(this.io, this.flags), kind, {
      program: thisProgram(),
      image: image ?? 'registry.example/esc:latest',
      user: userInfo().username,
    })
  }

  text(unit: string): string {
    return unit
  }
}

/** By absolute paths: cron and systemd know neither our PATH nor our version of Node. */
function thisProgram(): string[] {
  const script = process.argv[1]
  // The executable needs no Node beside it.
  if (script === process.execPath) return [script]
  const isOurs = script !== undefined && ['run.cjs', 'esc'].includes(basename(script))
  return isOurs ? [process.execPath, realpathSync(script)] : ['esc']
}
