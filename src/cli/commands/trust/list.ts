import { type TrustedStore, trustedStores } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { sessionRequest } from '../../framework/session.ts'
import { tableFor } from '../../terminal/index.ts'

const flags = { ...OUTPUT_FLAG }

export default class TrustList extends EscCommand<readonly TrustedStore[], typeof flags> {
  static override id = 'trust:list'
  static override summary = 'List the stores that you allowed to do more.'
  static override description =
    'Lists the folder of each store, the time when you last allowed something, and the digest of what you allowed. "esc trust revoke" withdraws it.'
  static override examples = [{ description: 'List trusted stores', command: 'esc trust list' }]
  static override flags = flags

  async run(): Promise<readonly TrustedStore[]> {
    return trustedStores(sessionRequest(this.io, this.flags).host)
  }

  text(stores: readonly TrustedStore[]): string {
    if (stores.length === 0) return 'No store was allowed anything on this machine.'
    const rows = stores.map(({ store, accepted, powers, digest }) => [
      store,
      accepted.slice(0, 10),
      String(powers.length),
      digest,
    ])
    return tableFor(this.io, ['store', 'allowed', 'things', 'digest'], rows)
  }

  override json(stores: readonly TrustedStore[]): unknown {
    return { stores }
  }
}
