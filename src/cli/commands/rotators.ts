import { OfferedCommand } from '../framework/offered-command.ts'

export default class Rotators extends OfferedCommand {
  static override id = 'rotators'
  static override summary = 'List the types of rotators that definitions can use (fn::rotate).'
  static override description =
    `Lists the built-in types of rotators and those of plugins of the current store. With --schema NAME, shows the inputs, outputs and state of one,
and an example. For the rotated credentials in your environments, see "esc env rotators".`
  static override examples = [
    { description: 'List rotators', command: 'esc rotators' },
    { description: 'Show what one takes and gives', command: 'esc rotators --schema postgres' },
  ]

  readonly kind = 'rotator'
}
