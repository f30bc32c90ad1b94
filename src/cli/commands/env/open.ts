import { ENV_FLAGS } from '../../framework/command.ts'
import Open from '../open.ts'

export default class EnvOpen extends Open {
  static override id = 'env:open'
  static override baseFlags = ENV_FLAGS
  static override examples = Open.examples.map(({ description, command }) => ({
    description,
    command: command.replace('esc open', 'esc env open'),
  }))
}
