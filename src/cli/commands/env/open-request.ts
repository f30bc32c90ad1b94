import { EscError } from '../../../errors.ts'
import { requireEnvironment } from '../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { duration } from '../../framework/flags.ts'
import { openTarget } from '../../framework/session.ts'
import { ENVIRONMENT } from '../../framework/shared-flags.ts'

const flags = {
  'grant-expiration-seconds': duration({ description: 'how long a grant could be used', default: '25h0m0s' }),
  'access-duration-seconds': duration({ description: 'how long access would last', default: '72h0m0s' }),
  ...OUTPUT_FLAG,
}

/** Asks somebody else for access: there is nobody to ask in a folder. */
export default class EnvOpenRequest extends EscCommand<never, typeof flags> {
  static override id = 'env:open-request'
  static override summary = 'Not supported; explains how to get access instead.'
  static override description =
    `Not supported: a store in a folder has no approval service. The key of an environment decides who can open it.
To get access, ask somebody who can open it to give you the key, or to add you to its recipients.`
  static override examples = [
    {
      description: 'Says that it is not supported, and what to do',
      command: 'esc env open-request credentials/production',
    },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = ENVIRONMENT
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<never> {
    const { session, reference } = openTarget(this.io, this.flags, this.positionals)
    const { name } = reference
    const { secretsProvider } = (await session.perform(requireEnvironment, reference)).result
    throw new EscError(
      'unsupported',
      'open requests need an approval service, which a store in a folder does not have',
      {
        hint: `whoever holds the key of '${name}' (secrets provider ${secretsProvider}) can open it: ask for the key, or to be added with "esc env change-secrets-provider"`,
      },
    )
  }

  text(): undefined {}
}
