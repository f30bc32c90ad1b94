import { type CreatedToken, createToken } from '../../../../operations/index.ts'
import { OUTPUT_FLAG } from '../../../framework/command.ts'
import { DATABASE_FLAG, withAnySession } from '../../../framework/database.ts'
import { age, boolean, choice, list, requiredText, text } from '../../../framework/flags.ts'
import { MadeTokenCommand, refuseEnded } from '../../../framework/made-token-command.ts'

const flags = {
  user: requiredText({
    description: 'the principal that its holder is, as the access rules name them, such as ada@example.com',
    value: 'name',
  }),
  name: text({ description: 'what the token is called in lists and the audit log (default: the user)', value: 'name' }),
  organization: text({ description: 'the label of the store that it is for (default: of this one)', value: 'label' }),
  admin: boolean({ description: 'the access rules do not limit it' }),
  level: choice({
    description: 'the most that it may do, whatever the access rules give',
    options: ['read', 'open', 'write', 'admin'],
    default: 'admin',
  }),
  environment: list({
    description: 'only for these environments, such as app/* (default: all); may be given several times',
    value: 'pattern',
  }),
  expires: age({ description: 'when it ends, such as 30d or 12h (default: never)' }),
  ...DATABASE_FLAG,
  ...OUTPUT_FLAG,
}

export default class ServerTokenCreate extends MadeTokenCommand<typeof flags> {
  static override id = 'server:token:create'
  static override summary = 'Create and print an access token.'
  static override description =
    `Prints only the token, and only this once: the server stores a digest. A running server accepts the token at once.

A token is a credential. Its holder may do what the access rules allow the user, or everything with --admin; --level and --environment restrict it
further.`
  static override examples = [
    { description: 'A token for a colleague', command: 'esc server token create --user ada@example.com --expires 30d' },
    {
      description: 'A token with which a service opens its environments',
      command: "esc server token create --user billing --level open --environment 'billing/*'",
    },
  ]
  static override flags = flags

  async run(): Promise<CreatedToken> {
    const { user, name, organization, admin, level, environment: environments, expires } = this.flags
    refuseEnded(expires)
    const input = { user, name, organization, admin, level, environments, expiresInSeconds: expires }
    return withAnySession(this.io, this.flags, async ({ session }) => {
      if (organization !== undefined && organization !== session.organization)
        this.io.err(
          `warning: this store is '${session.organization}', so a token for '${organization}' opens nothing here\n`,
        )
      return (await session.perform(createToken, undefined, input)).result
    })
  }
}
