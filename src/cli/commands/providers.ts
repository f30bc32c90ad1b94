import { OfferedCommand } from '../framework/offered-command.ts'

export default class Providers extends OfferedCommand {
  static override id = 'providers'
  static override summary = 'List the providers that definitions can use (fn::open).'
  static override description =
    `Lists the built-in providers and those of plugins of the current store. With --schema NAME, shows the inputs and outputs of a provider and an
example. docs/providers lists the permissions that each provider needs.`
  static override examples = [
    { description: 'List providers', command: 'esc providers' },
    { description: 'Show what one takes and gives', command: 'esc providers --schema aws-secrets' },
    { description: 'Its JSON schemas', command: 'esc providers --schema aws-secrets --output json' },
  ]

  readonly kind = 'provider'
}
