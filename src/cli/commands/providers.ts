import { OfferedCommand } from '../framework/offered-command.ts'

export default class Providers extends OfferedCommand {
  static override id = 'providers'
  static override summary = 'List the providers that fn::open can use.'
  static override description =
    `Lists the providers: those built in, and those of the plugins of the store in use, where there is one.
With --schema NAME, what one takes and gives, and a definition in which it is used. docs/providers says what each may need.`
  static override examples = [
    { description: 'List providers', command: 'esc providers' },
    { description: 'Show what one takes and gives', command: 'esc providers --schema aws-secrets' },
    { description: 'Its JSON schemas', command: 'esc providers --schema aws-secrets --output json' },
  ]

  readonly kind = 'provider'
}
