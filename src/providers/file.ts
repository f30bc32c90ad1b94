import { EscError } from '../errors.ts'
import { secret } from '../secret.ts'
import { entriesOf, readEntries } from './entries.ts'
import { machineOf } from './machine.ts'
import type { Provider } from './provider.ts'

const example = `values:
  fromFiles:
    fn::open::file:
      get:
        banner: {path: banner.txt}
        key: {path: ~/.config/shop/key.bin, encoding: base64}
`

type FileInputs = {
  readonly get: Readonly<Record<string, { readonly path: string; readonly encoding?: 'utf8' | 'base64' }>>
}

/** Files of whoever opens the environment. */
export const file: Provider<FileInputs> = {
  name: 'file',
  description: 'Files of the store, or of the machine that opens the environment.',
  example,
  inputs: {
    type: 'object',
    additionalProperties: false,
    properties: {
      get: entriesOf(
        {
          path: {
            type: 'string',
            minLength: 1,
            description: 'One that is not absolute is taken from the folder of the store on; ~/ is your home.',
          },
          encoding: { type: 'string', enum: ['utf8', 'base64'], default: 'utf8' },
        },
        ['path'],
      ),
    },
    required: ['get'],
  },
  outputs: { type: 'object', additionalProperties: { type: 'string', secret: true } },
  shareable: true,

  async open({ get }, context) {
    const machine = await machineOf(context, 'file')
    return readEntries(get, async ({ path, encoding = 'utf8' }, key) => {
      const bytes = Buffer.from(await machine.file(path))
      if (encoding === 'base64') return secret(bytes.toString('base64'))
      const text = bytes.toString()
      if (Buffer.from(text).equals(bytes)) return secret(text)
      throw new EscError('provider_failed', `file: \`get.${key}\`: ${JSON.stringify(path)} is not text`, {
        hint: 'write `encoding: base64`',
      })
    })
  },
}
