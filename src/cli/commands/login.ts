import { pathToFileURL } from 'node:url'
import manifest from '../../../package.json' with { type: 'json' }
import { EscError } from '../../errors.ts'
import { keptToken, logInToServer, namesServer, type Principal, serverUrl, useStore } from '../../operations/index.ts'
import { readAccessToken, TOKEN_FLAG } from '../framework/access-token.ts'
import { signInByBrowser } from '../framework/browser-login.ts'
import { EscCommand, OUTPUT_FLAG } from '../framework/command.ts'
import { boolean, maybe, text } from '../framework/flags.ts'
import { person } from '../framework/revision-text.ts'
import { sessionRequest } from '../framework/session.ts'

/** Flags that logging in to the hosted service needs, and nothing here does. */
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
  'cloud-url': text({ description: 'the store, as its folder or the URL of a server', char: 'c', value: 'url' }),
  user: maybe(text({ description: 'who you are to access rules and the audit log, from now on', value: 'principal' })),
  'allow-http': boolean({ description: 'send the token without encryption, over a network that you trust' }),
  ...TOKEN_FLAG,
  'no-open': boolean({ description: 'print the link to sign in at, and open no browser' }),
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
  static override summary = 'Choose the store or server that commands use.'
  static override description =
    `Chooses the store that commands use in folders that belong to no store. Without an argument, shows the current choice.

A folder: you can log in to several; each has its label, as in esc open label/project/environment. There is no password: the key
of an environment decides who can open it.

The URL of an esc server: the access token comes from --token-file, else from ESC_ACCESS_TOKEN. Without one, you sign in with a browser if the
server offers that: open the link on any machine, and check that the page shows the same code as the terminal. Otherwise esc asks for the token. It is
stored in the configuration folder, readable only by you; "esc logout" removes it. Commands then work on the environments of the server.`
  static override examples = [
    { description: 'Which store is in use', command: 'esc login' },
    { description: 'Use a store everywhere', command: 'esc login ./environments' },
    { description: 'Use the environments of a server', command: 'esc login https://esc.example.com' },
    {
      description: 'Sign in from a machine without a browser, as over SSH',
      command: 'esc login https://esc.example.com --no-open',
    },
    { description: 'Say who you are to access rules', command: 'esc login --user ada@example.com' },
  ]
  static override flags = flags
  static override args = { store: { description: 'folder of the store, a file:// URL, or the URL of a server' } }
  static override count = { kind: 'atMost', count: 1 } as const

  async run(): Promise<Result> {
    const used = HOSTED.find((name) => this.flags[name])
    if (used !== undefined) {
      throw new EscError(
        'unsupported',
        `--${used} belongs to the hosted service, and there is nothing here that it could mean`,
        { hint: 'leave it out' },
      )
    }
    const [argument] = this.positionals
    const url = this.flags['cloud-url']
    if (argument !== undefined && url !== undefined) {
      throw new EscError('usage', 'only one of --cloud-url or argument URL may be specified, not both')
    }
    const target = argument ?? url
    if (namesServer(target)) return await this.#server(target)
    const session = await useStore(sessionRequest(this.io, this.flags), target, this.flags.user)
    const { server, organization } = session
    const user = person(await session.author())
    const store = server ?? pathToFileURL(session.folder).href
    return { store, organization, user, principal: session.principal() }
  }

  async #server(typed: string): Promise<Result> {
    const { user, 'allow-http': allowHttp, 'token-file': file } = this.flags
    if (user !== undefined) {
      throw new EscError('usage', '--user is for stores in folders: a server knows who you are by the token', {
        hint: 'leave it out',
      })
    }
    const store = serverUrl(typed, { allowHttp })
    const userAgent = `gitesc/${manifest.version}`
    const logIn = (token: string) =>
      logInToServer(sessionRequest(this.io, this.flags), { url: store, token, userAgent, allowHttp })
    const session = await this.#withToken(store, { file, userAgent }, logIn)
    const principal = session.principal()
    return { store, organization: session.organization, user: principal.name, principal }
  }

  /** Logs in with the token that is given, or kept, or that the server gives to a person. */
  async #withToken<T>(
    url: string,
    { file, userAgent }: { readonly file: string | undefined; readonly userAgent: string },
    logIn: (token: string) => Promise<T>,
  ): Promise<T> {
    const { io } = this
    const read = (kept?: string) => readAccessToken(io, { file, variables: ['ESC_ACCESS_TOKEN'], kept, url })
    if (file !== undefined || io.env.ESC_ACCESS_TOKEN) return logIn(await read())
    const kept = keptToken(io.env, url)
    if (kept !== undefined) {
      try {
        return await logIn(kept)
      } catch (error) {
        // It has ended: the person signs in again.
        if (!(error instanceof EscError) || error.code !== 'forbidden' || !io.stderrIsTerminal) throw error
      }
    }
    const open = !this.flags['no-open']
    const signedIn = io.stderrIsTerminal ? await signInByBrowser(io, { url, userAgent, open }) : undefined
    return logIn(signedIn ?? (await read()))
  }

  text({ store, organization, user, principal }: Result): string {
    const who = principal.from === 'login' ? `\nAccess rules and audit log know you as '${principal.name}'` : ''
    return `Logged in to ${store} as ${user} (organization ${organization})${who}`
  }
}
