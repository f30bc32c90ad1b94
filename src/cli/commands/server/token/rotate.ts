import { type CreatedToken, rotateToken } from '../../../../operations/index.ts'
import { OUTPUT_FLAG } from '../../../framework/command.ts'
import { type AnySession, DATABASE_FLAG, withAnySession } from '../../../framework/database.ts'
import { age } from '../../../framework/flags.ts'
import { MadeTokenCommand, refuseEnded } from '../../../framework/made-token-command.ts'

const flags = {
  overlap: age({
    description: 'how long the old token goes on working, such as 10m or 2d; 0s: not at all (default: 1h)',
  }),
  expires: age({ description: 'when the new token ends, such as 30d (default: after the time that the old one had)' }),
  ...DATABASE_FLAG,
  ...OUTPUT_FLAG,
}

export default class ServerTokenRotate extends MadeTokenCommand<typeof flags> {
  static override id = 'server:token:rotate'
  static override summary = 'Replace an access token and print the new one.'
  static override description =
    `The new token has the same name, user and permissions as the old one. It is printed only this once.

The old token works for one more hour, so that you can replace it where it is used; --overlap changes that.`
  static override examples = [
    { description: 'Replace the token of a service', command: 'esc server token rotate billing --overlap 1d' },
    {
      description: 'Replace a token that others have seen',
      command: 'esc server token rotate ada@example.com --overlap 0s',
    },
  ]
  static override flags = flags
  static override args = { token: { description: 'id or name of the token', required: true } }
  static override count = { kind: 'exactly', count: 1 } as const
  static override usesSelected = false

  async run(): Promise<CreatedToken> {
    const [wanted = ''] = this.positionals
    const { overlap: overlapSeconds, expires: expiresInSeconds } = this.flags
    refuseEnded(expiresInSeconds)
    const input = { wanted, overlapSeconds, expiresInSeconds }
    const rotate = ({ session }: AnySession) => session.perform(rotateToken, undefined, input)
    return (await withAnySession(this.io, this.flags, rotate)).result
  }
}
