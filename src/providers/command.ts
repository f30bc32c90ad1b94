import { type Secret, secret } from '../secret.ts'
import { lifetimeSchema, lifetimeSeconds } from './lifetime.ts'
import { machineOf } from './machine.ts'
import type { Provider } from './provider.ts'

const example = `values:
  fromAProgram:
    fn::open::command:
      command: [pass, show, shop/api]
`

type CommandInputs = {
  readonly command: readonly string[]
  readonly input?: Secret<string>
  readonly timeout?: string
}

/**
 * Gives what a program of this machine prints, such as the command-line tool of a password manager.
 */
export const command: Provider<CommandInputs> = {
  name: 'command',
  description: 'What a program prints on the machine that opens the environment.',
  example,
  inputs: {
    type: 'object',
    additionalProperties: false,
    properties: {
      command: {
        type: 'array',
        minItems: 1,
        items: { type: 'string' },
        description: 'The program and its words; no shell reads them.',
      },
      input: { type: 'string', secret: true, description: 'Its standard input.' },
      timeout: { ...lifetimeSchema, default: '30s' },
    },
    required: ['command'],
  },
  outputs: { type: 'string', secret: true },
  shareable: true,

  async open({ command: words, input, timeout = '30s' }, context) {
    const seconds = lifetimeSeconds(timeout, { input: 'command: `timeout`', least: 1, most: 600 })
    const machine = await machineOf(context, 'command')
    return secret(await machine.command(words, { input: input?.reveal(), timeoutMs: seconds * 1000 }))
  },
}
