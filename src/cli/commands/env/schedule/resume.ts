import { PauseCommand } from '../../../framework/pause-command.ts'

export default class EnvScheduleResume extends PauseCommand {
  static override id = 'env:schedule:resume'
  static override summary = 'Resume a paused rotation schedule.'
  static override description =
    'Continues a paused schedule at its next time. Runs that were due during the pause are dropped.'
  static override examples = [
    { description: 'Resume a schedule', command: 'esc env schedule resume rotators/ci sched-1' },
  ]
  protected override readonly paused = false
}
