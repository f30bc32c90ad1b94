import { secret } from '../secret.ts'
import { requireIdentityToken, subjectAttributesSchema } from './identity.ts'
import { identityTokenBounds, lastsAsToken, wantedSeconds } from './lifetime.ts'
import type { Provider } from './provider.ts'

const example = `values:
  snowflake:
    login:
      fn::open::snowflake-login:
        oidc:
          account: example-account
          user: ESC_SERVICE_USER
  environmentVariables:
    SNOWFLAKE_ACCOUNT: \${snowflake.login.account}
    SNOWFLAKE_USER: \${snowflake.login.user}
    SNOWFLAKE_TOKEN: \${snowflake.login.token}
`

export type SnowflakeLoginInputs = {
  readonly oidc: {
    readonly account: string
    readonly user: string
    readonly role?: string
    readonly subjectAttributes?: readonly string[]
  }
}

/** The identity token of the store, which Snowflake takes for an OAuth token of its user. */
export const snowflakeLogin: Provider<SnowflakeLoginInputs> = {
  name: 'snowflake-login',
  description: 'A token for Snowflake (external OAuth).',
  example,
  inputs: {
    type: 'object',
    additionalProperties: false,
    properties: {
      oidc: {
        type: 'object',
        additionalProperties: false,
        properties: {
          account: { type: 'string' },
          user: { type: 'string' },
          role: { type: 'string' },
          subjectAttributes: subjectAttributesSchema,
        },
        required: ['account', 'user'],
      },
    },
    required: ['oidc'],
  },
  outputs: {
    type: 'object',
    properties: { account: { type: 'string' }, user: { type: 'string' }, token: { type: 'string', secret: true } },
    required: ['account', 'user', 'token'],
  },
  shareable: true,

  async open({ oidc: { account, user, role, subjectAttributes } }, context) {
    const token = await requireIdentityToken(context, {
      provider: 'snowflake-login',
      audience: 'snowflake',
      subjectAttributes,
      seconds: wantedSeconds(undefined, context, { input: 'snowflake-login', ...identityTokenBounds }),
      claims: { snowflake_user: user, ...(role !== undefined && { scp: `session:role:${role}` }) },
    })
    lastsAsToken(context, token)
    return { account, user, token: secret(token) }
  },
}
