import { EscError } from '../../../errors.ts'
import { revokeTrust } from '../../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { boolean } from '../../framework/flags.ts'
import { sessionRequest } from '../../framework/session.ts'

const flags = { all: boolean({ description: 'take it back from every store' }), ...OUTPUT_FLAG }

interface Result {
  /** Folders of the stores that were allowed something until now. */
  readonly stores: readonly string[]
}

export default class TrustRevoke extends EscCommand<Result, typeof flags> {
  static override id = 'trust:revoke'
  static override summary = 'Withdraw what you allowed a store to do.'
  static override description =
    `Withdraws what you allowed, by default for the current store. The store asks again when it needs it.
For a store that no longer exists, give its folder as "esc trust list" shows it.`
  static override examples = [
    { description: 'Allow the store in use nothing any more', command: 'esc trust revoke' },
    { description: 'Forget everything that was allowed', command: 'esc trust revoke --all' },
  ]
  static override flags = flags
  static override args = { store: { description: 'folder of the store (default: the store in use)' } }
  static override count = { kind: 'atMost', count: 1 } as const

  async run(): Promise<Result> {
    const [folder] = this.positionals
    if (this.flags.all && folder !== undefined) {
      throw new EscError('usage', 'only one of --all and a folder may be given, not both')
    }
    return { stores: revokeTrust(sessionRequest(this.io, this.flags), { folder, all: this.flags.all }) }
  }

  text({ stores }: Result): string {
    if (stores.length === 0) return 'Nothing was allowed.'
    return stores.map((store) => `${store} is allowed nothing any more.\n`).join('')
  }
}
