import { join } from 'node:path'
import { testSecretsProvider, unavailable } from '../contract.ts'

testSecretsProvider({
  kind: 'default',
  remote: false,
  start: (folder) => ({
    url: 'default',
    setup: { env: {}, configFolder: join(folder, 'config') },
    other: {
      setup: { env: {}, configFolder: join(folder, 'other') },
      message: /encrypted with key [0-9a-f]{16}, but .*default\.key holds key [0-9a-f]{16}/,
    },
    secrets: () => [],
    failures: {
      'no key file': {
        setup: { env: {}, configFolder: join(folder, 'none') },
        ...unavailable,
        message: /no key file at/,
      },
      'an unusable ESC_KEY': {
        setup: { env: { ESC_KEY: 'x' }, configFolder: folder },
        ...unavailable,
        message: /ESC_KEY is not an esc key/,
      },
    },
  }),
})
