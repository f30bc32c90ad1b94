import { type IssuedToken, issueToken } from '../../../operations/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { boolean, list, text } from '../../framework/flags.ts'
import { openTarget } from '../../framework/session.ts'
import { ENVIRONMENT } from '../../framework/shared-flags.ts'

const flags = {
  audience: text({
    description: 'whom it is for: aws, azure, gcp, vault, snowflake … (default: aws); with --v2, the whole claim aud',
    value: 'name',
  }),
  'subject-attribute': list({
    description: 'what the subject is made of, such as currentEnvironment.name; can be given several times',
    value: 'name',
  }),
  v2: boolean({ description: 'the token of fn::open::oidc' }),
  show: boolean({ description: 'show the claims instead of the token' }),
  ...OUTPUT_FLAG,
}

export default class OidcToken extends EscCommand<IssuedToken, typeof flags> {
  static override id = 'oidc:token'
  static override summary = 'Print the identity token of an environment, or its claims.'
  static override description =
    `Prints the token that an OIDC login of this environment sends. It comes from ESC_OIDC_TOKEN or ESC_OIDC_TOKEN_FILE, from the system
that esc runs in, or from the store's own issuer. With --show, prints the claims, which the vendor compares, instead of the token. The token
is a credential: anybody who has it can log in until it expires.`
  static override examples = [
    { description: 'Show what AWS would be told', command: 'esc oidc token app/dev --show' },
    { description: 'Show what Azure would be told', command: 'esc oidc token app/dev --audience azure --show' },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = ENVIRONMENT
  static override count = { kind: 'exactly', count: 1 } as const

  async run(): Promise<IssuedToken> {
    const { session, reference } = openTarget(this.io, this.flags, this.positionals)
    const { audience = 'aws', v2 } = this.flags
    const order = {
      // As the login does that is meant.
      audience: audience === 'vault' && !v2 ? undefined : audience,
      subjectAttributes: this.flags['subject-attribute'],
      version: v2 ? ('v2' as const) : undefined,
    }
    return (await session.perform(issueToken, reference, order)).result
  }

  override get printsValues(): boolean {
    return !this.flags.show
  }

  text({ token, claims, from }: IssuedToken): string {
    if (!this.flags.show) return token
    const expiry = typeof claims.exp === 'number' ? `\nValid until ${new Date(claims.exp * 1000).toISOString()}` : ''
    return `${JSON.stringify(claims, undefined, 2)}\nFrom ${from}${expiry}`
  }

  override json({ token, claims, from }: IssuedToken): unknown {
    return this.flags.show ? { from, claims } : { from, claims, token }
  }
}
