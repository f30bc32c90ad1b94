import { pathToFileURL } from 'node:url'
import { EscError } from '../../errors.ts'
import { logOut, namesServer } from '../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../framework/command.ts'
import { boolean, text } from '../framework/flags.ts'
import { sessionRequest } from '../framework/session.ts'

const flags = {
  all: boolean({ description: 'forget all stores' }),
  'cloud-url': text({ description: 'the store, as its folder or the URL of a server', char: 'c', value: 'url' }),
  ...OUTPUT_FLAG,
}

interface Result {
  /** URLs of the stores that were forgotten. */
  readonly stores: readonly string[]
}

export default class Logout extends EscCommand<Result, typeof flags> {
  static override id = 'logout'
  static override summary = 'Forget a store or server and its access token.'
  static override description =
    `Forgets a store or server that "esc login" chose: by default the current one. The access token is removed from this machine, and stays valid on
the server. The store and its keys are not changed.`
  static override examples = [
    { description: 'Forget the current store', command: 'esc logout' },
    { description: 'Forget all', command: 'esc logout --all' },
  ]
  static override flags = flags
  static override args = { store: { description: 'folder of the store, a file:// URL, or the URL of a server' } }
  static override count = { kind: 'atMost', count: 1 } as const

  async run(): Promise<Result> {
    const { all, 'cloud-url': url } = this.flags
    const [argument] = this.positionals
    if ([all || undefined, url, argument].filter((each) => each !== undefined).length > 1) {
      throw new EscError('usage', 'only one of --all, --cloud-url or argument URL may be specified, not both')
    }
    const forgotten = await logOut(sessionRequest(this.io, this.flags), { target: argument ?? url, all })
    return { stores: forgotten.map((store) => (namesServer(store) ? store : pathToFileURL(store).href)) }
  }

  text({ stores }: Result): string {
    if (this.flags.all) return 'Logged out of all clouds'
    return stores.length === 0 ? 'Already logged out.' : stores.map((url) => `Logged out of ${url}\n`).join('')
  }
}
