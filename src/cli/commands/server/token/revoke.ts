import { revokeToken, type ServerToken } from '../../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../../../framework/command.ts'
import { type AnySession, DATABASE_FLAG, withAnySession } from '../../../framework/database.ts'
import { tokenJson } from '../../../framework/token-text.ts'

const flags = { ...DATABASE_FLAG, ...OUTPUT_FLAG }

export default class ServerTokenRevoke extends EscCommand<ServerToken, typeof flags> {
  static override id = 'server:token:revoke'
  static override summary = 'Revoke an access token.'
  static override description =
    'The next request with the token is refused. Sessions that were opened with it end, too, because reading them needs the token.'
  static override examples = [
    { description: 'Revoke a token by its name', command: 'esc server token revoke ada@example.com' },
  ]
  static override flags = flags
  static override args = { token: { description: 'id or name of the token', required: true } }
  static override count = { kind: 'exactly', count: 1 } as const
  static override usesSelected = false

  async run(): Promise<ServerToken> {
    const [wanted = ''] = this.positionals
    const revoke = ({ session }: AnySession) => session.perform(revokeToken, undefined, wanted)
    return (await withAnySession(this.io, this.flags, revoke)).result
  }

  text({ id, name, user }: ServerToken): string {
    return `Revoked token ${id} ("${name}") of ${user}.`
  }

  override json(token: ServerToken): unknown {
    return tokenJson(token)
  }
}
