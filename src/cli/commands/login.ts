import { pathToFileURL } from 'node:url'
import { EscError } from '../../errors.ts'
import { type Principal, useStore } from '../../operations/index.ts'
import { EscCommand, OUTPUT_FLAG } from '../framework/command.ts'
import { boolean, maybe, text } from '../framework/flags.ts'
import { person } from '../framework/revision-text.ts'
import { sessionRequest } from '../framework/session.ts'

/** Flags that logging in to the hosted service needs, and a folder does not. */
const HOSTED = [
  'default-org',
  'insecure',
  'shared',
  'oidc-token',
  'oidc-org',
  'oidc-team',
  'oidc-user',
  'oidc-expiration',
] as const

const hosted = text({ description: 'belongs to the hosted service', hidden: true })
const hostedSwitch = boolean({ description: 'belongs to the hosted service', hidden: true })

const flags = {
  'cloud-url': text({ description: 'the store, as its folder or a file:// URL', char: 'c', value: 'url' }),
  user: maybe(text({ description: 'who you are to access rules and the audit log, from now on', value: 'principal' })),
  'default-org': hosted,
  insecure: hostedSwitch,
  shared: hostedSwitch,
  'oidc-token': hosted,
  'oidc-org': hosted,
  'oidc-team': hosted,
  'oidc-user': hosted,
  'oidc-expiration': hosted,
  ...OUTPUT_FLAG,
}

interface Result {
  readonly store: string
  readonly organization: string
  readonly user: string
  readonly principal: Principal
}

export default class Login extends EscCommand<Result, typeof flags> {
  static override id = 'login'
  static override summary = 'Choose the store that commands use.'
  static override description =
    `Makes a store the one that commands use wherever no other is named or found: outside the folders of stores. Several can be known; each
goes by its label, as in esc open label/project/environment. Without a store, says which one is in use. Nothing is authenticated: who
can open an environment is decided by its key.`
  static override examples = [
    { description: 'Which store is in use', command: 'esc login' },
    { description: 'Use a store everywhere', command: 'esc login ./environments' },
    { description: 'Say who you are to access rules', command: 'esc login --user ada@example.com' },
  ]
  static override flags = flags
  static override args = { store: { description: 'folder of the store, or a file:// URL' } }
  static override count = { kind: 'atMost', count: 1 } as const

  async run(): Promise<Result> {
    const used = HOSTED.find((name) => this.flags[name])
    if (used !== undefined) {
      throw new EscError(
        'unsupported',
        `--${used} belongs to the hosted service: a store in a folder authenticates nobody`,
        {
          hint: 'leave it out; commands need no login',
        },
      )
    }
    const [argument] = this.positionals
    const url = this.flags['cloud-url']
    if (argument !== undefined && url !== undefined) {
      throw new EscError('usage', 'only one of --cloud-url or argument URL may be specified, not both')
    }
    const session = await useStore(sessionRequest(this.io, this.flags), argument ?? url, this.flags.user)
    const { folder, organization } = session
    const user = person(await session.author())
    return { store: pathToFileURL(folder).href, organization, user, principal: session.principal() }
  }

  text({ store, organization, user, principal }: Result): string {
    const who = principal.from === 'login' ? `\nAccess rules and audit log know you as '${principal.name}'` : ''
    return `Logged in to ${store} as ${user} (organization ${organization})${who}`
  }
}
