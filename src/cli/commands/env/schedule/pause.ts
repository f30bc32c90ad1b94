import { PauseCommand } from '../../../framework/pause-command.ts'

export default class EnvSchedulePause extends PauseCommand {
  static override id = 'env:schedule:pause'
  static override summary = 'Pause a rotation schedule.'
  static override description = 'Stops a schedule without removing it. "esc env schedule resume" continues it.'
  static override examples = [
    { description: 'Pause a schedule', command: 'esc env schedule pause rotators/ci sched-1' },
  ]
  protected override readonly paused = true
}
