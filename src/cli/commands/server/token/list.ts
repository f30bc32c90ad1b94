import { listTokens, type ServerToken } from '../../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../../../framework/command.ts'
import { type AnySession, DATABASE_FLAG, withAnySession } from '../../../framework/database.ts'
import { boolean } from '../../../framework/flags.ts'
import { tokenJson } from '../../../framework/token-text.ts'
import { tableFor } from '../../../terminal/index.ts'

const flags = { ids: boolean({ description: 'print only the ids, one per line' }), ...DATABASE_FLAG, ...OUTPUT_FLAG }

export default class ServerTokenList extends EscCommand<readonly ServerToken[], typeof flags> {
  static override id = 'server:token:list'
  static override summary = 'List access tokens.'
  static override description =
    'Shows for each token: its user, what it allows, when it expires and when it was last used. The tokens themselves are not stored.'
  static override examples = [{ description: 'List tokens', command: 'esc server token list' }]
  static override flags = flags

  async run(): Promise<readonly ServerToken[]> {
    const list = ({ session }: AnySession) => session.perform(listTokens, undefined)
    return (await withAnySession(this.io, this.flags, list)).result
  }

  text(tokens: readonly ServerToken[]): string {
    if (this.flags.ids) return tokens.map(({ id }) => id).join('\n')
    if (tokens.length === 0) return 'There are no tokens: make one with "esc server token create --user NAME".'
    const day = (date: Date | undefined) => date?.toISOString().slice(0, 16).replace('T', ' ') ?? 'never'
    const now = this.io.now()
    const rows = tokens.map(({ id, name, user, admin, level, environments, expires, lastUsed }) => [
      id,
      name,
      user,
      admin ? `${level}, without rules` : level,
      environments.join(', ') || 'all',
      expires !== undefined && expires <= now ? 'expired' : day(expires),
      day(lastUsed),
    ])
    return tableFor(this.io, ['id', 'name', 'user', 'level', 'environments', 'expires', 'last used'], rows)
  }

  override json(tokens: readonly ServerToken[]): unknown {
    return { tokens: tokens.map(tokenJson) }
  }
}
