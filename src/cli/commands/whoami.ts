import { pathToFileURL } from 'node:url'
import { listEnvironments } from '../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../framework/command.ts'
import { openLook } from '../framework/session.ts'

interface Result {
  readonly user: string
  readonly organization: string
  /** A file URL, or that of a server. */
  readonly store: string
}

export default class Whoami extends EscCommand<Result, typeof OUTPUT_FLAG> {
  static override id = 'whoami'
  static override summary = 'Show who the store or server takes you for.'
  static override description =
    `Prints the name by which access rules and the audit log know you. A server is asked, so this shows whether your access token still
works. "esc status" shows more.`
  static override examples = [
    { description: 'Who am I', command: 'esc whoami' },
    { description: 'With the store, for a script', command: 'esc whoami --output json' },
  ]
  static override flags = OUTPUT_FLAG

  async run(): Promise<Result> {
    const session = openLook(this.io, this.flags)
    const { server } = session
    // The token alone may be of another user by now.
    if (server !== undefined)
      await session.perform(listEnvironments, undefined, { organization: undefined, project: undefined })
    const store = server ?? pathToFileURL(session.folder).href
    return { user: session.principal().name, organization: session.organization, store }
  }

  text({ user }: Result): string {
    return user
  }
}
