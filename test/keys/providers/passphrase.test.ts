import { testSecretsProvider, unavailable } from '../contract.ts'
import type { Setup } from '../setup.ts'

testSecretsProvider({
  kind: 'passphrase',
  remote: false,
  start: (folder) => {
    const setup = (env: Record<string, string>): Setup => ({ env, configFolder: folder })
    return {
      url: 'passphrase',
      setup: setup({ ESC_PASSPHRASE: 'correct horse battery' }),
      other: {
        setup: setup({ ESC_PASSPHRASE: 'another staple' }),
        message: /^wrong passphrase for environment 'rotators\/ci'$/,
      },
      secrets: () => ['correct horse battery', 'another staple'],
      failures: {
        'no passphrase': { setup: setup({}), ...unavailable, message: /needs a passphrase/ },
      },
    }
  },
})
