import { ENV_FLAGS } from '../../framework/command.ts'
import Run from '../run.ts'

export default class EnvRun extends Run {
  static override id = 'env:run'
  static override baseFlags = ENV_FLAGS
  static override examples = Run.examples.map(({ description, command }) => ({
    description,
    command: command.replace('esc run', 'esc env run'),
  }))
}
