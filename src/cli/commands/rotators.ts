import { OfferedCommand } from '../framework/offered-command.ts'

export default class Rotators extends OfferedCommand {
  static override id = 'rotators'
  static override summary = 'List the rotators that fn::rotate can use.'
  static override description =
    `Lists the rotators: those built in, and those of the plugins of the store in use, where there is one. "esc env rotators"
lists those that environments use. With --schema NAME, what one takes, gives and keeps, and a definition in which it is used.`
  static override examples = [
    { description: 'List rotators', command: 'esc rotators' },
    { description: 'Show what one takes and gives', command: 'esc rotators --schema postgres' },
  ]

  readonly kind = 'rotator'
}
