import { machineOf } from './machine.ts'
import type { Provider } from './provider.ts'

const example = `values:
  fromSops:
    fn::open::sops:
      path: secrets.enc.yaml
`

/** The values of a file that SOPS has encrypted for age recipients. */
export const sops: Provider<{ readonly path: string }> = {
  name: 'sops',
  description: 'The values of a file that SOPS has encrypted for age recipients.',
  example,
  inputs: {
    type: 'object',
    additionalProperties: false,
    properties: {
      path: {
        type: 'string',
        minLength: 1,
        description:
          'YAML, JSON, dotenv or INI. One that is not absolute is taken from the folder of the store on; ~/ is your home.',
      },
    },
    required: ['path'],
  },
  outputs: { type: 'object', additionalProperties: true },
  shareable: true,

  open: async ({ path }, context) => (await machineOf(context, 'sops')).sops(path),
}
