import { PauseCommand } from '../../../framework/pause-command.ts'

export default class EnvScheduleResume extends PauseCommand {
  static override id = 'env:schedule:resume'
  static override summary = 'Resume a paused rotation schedule.'
  static override description =
    'Has a paused schedule go on with its next instant. What was due while it was paused is not made up for.'
  static override examples = [
    { description: 'Resume a schedule', command: 'esc env schedule resume rotators/ci sched-1' },
  ]
  protected override readonly paused = false
}
