import { EscError } from '../errors.ts'
import { secret } from '../secret.ts'
import { entriesOf, readEntries } from './entries.ts'
import { machineOf } from './machine.ts'
import type { Provider } from './provider.ts'

const example = `values:
  fromVariables:
    fn::open::env:
      get:
        url: {name: DATABASE_URL}
        region: {name: REGION, default: eu-west-1}
`

type EnvInputs = {
  readonly get: Readonly<Record<string, { readonly name: string; readonly default?: string }>>
}

/** Variables of whoever opens the environment. */
export const env: Provider<EnvInputs> = {
  name: 'env',
  description: 'Variables of the machine that opens the environment.',
  example,
  inputs: {
    type: 'object',
    additionalProperties: false,
    properties: {
      get: entriesOf(
        {
          name: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$', description: 'Name of the variable.' },
          default: { type: 'string', description: 'Its value where it is not set. Without one it must be.' },
        },
        ['name'],
      ),
    },
    required: ['get'],
  },
  outputs: { type: 'object', additionalProperties: { type: 'string', secret: true } },
  shareable: true,

  async open({ get }, context) {
    const machine = await machineOf(context, 'env')
    return readEntries(get, async ({ name, default: otherwise }, key) => {
      const value = (await machine.variable(name)) ?? otherwise
      if (value !== undefined) return secret(value)
      throw new EscError('provider_failed', `env: \`get.${key}\`: the variable ${name} is not set`, {
        hint: 'set it, or write a `default`',
      })
    })
  },
}
