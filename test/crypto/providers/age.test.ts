import { join } from 'node:path'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { testSecretsProvider, unavailable } from '../contract.ts'
import type { Setup } from '../setup.ts'

testSecretsProvider({
  kind: 'age',
  remote: false,
  start: async (folder) => {
    const mine = await generateIdentity()
    const hers = await generateIdentity()
    const his = await generateIdentity()
    const [me, her, him] = await Promise.all([mine, hers, his].map(identityToRecipient))
    const setup = (identity: string): Setup => ({ env: { ESC_AGE_IDENTITY: identity }, configFolder: folder })
    return {
      url: `age://${me},${her}`,
      setup: setup(mine),
      other: { url: `age://${him}`, setup: setup(his), message: /was locked before that, or was changed/ },
      secrets: () => [mine, hers, his],
      failures: {
        'no identity': {
          setup: { env: {}, configFolder: join(folder, 'none') },
          ...unavailable,
          message: /is locked for age recipients, and you have no age identity/,
        },
        'not a recipient': {
          setup: setup(his),
          ...unavailable,
          message: new RegExp(`locked for other age recipients than yours, which is ${him} \\(ESC_AGE_IDENTITY\\)$`),
        },
        'a recipient added since': {
          url: `age://${me},${her},${him}`,
          setup: setup(his),
          ...unavailable,
          message: /names your age recipient, but its data key was locked before that/,
        },
        'a damaged identity': {
          setup: setup(mine.slice(0, -3)),
          ...unavailable,
          message:
            /^cannot use the age identity of ESC_AGE_IDENTITY for environment 'rotators\/ci': it is damaged or cut short$/,
        },
        'recipients without oneself': {
          url: `age://${her}`,
          action: 'wrap',
          ...unavailable,
          message: /none of them is yours/,
        },
        'no recipients file': {
          url: 'age://',
          action: 'wrap',
          code: 'invalid_input',
          message: /has no age recipients: .* there is no age-recipients\.txt/,
        },
      },
    }
  },
})
