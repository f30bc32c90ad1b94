import type { SchemaObject } from '../schema/index.ts'
import { type Secret, secret } from '../secret.ts'
import { requireIdentityToken, subjectAttributesSchema } from './identity.ts'
import { lastsFor, lifetimeSchema, wantedSeconds } from './lifetime.ts'
import type { Provider, ProviderContext } from './provider.ts'
import { callVault, type VaultLogin, vaultLoginSchema, vaultPath } from './vault-api.ts'
import { malformedAnswer, memberOf, type ProviderNetwork, textIn } from './vendor-call.ts'

const example = `values:
  vault:
    login:
      fn::open::vault-login:
        address: https://vault.example.org:8200
        jwt:
          role: example-role
  environmentVariables:
    VAULT_ADDR: \${vault.login.address}
    VAULT_TOKEN: \${vault.login.token}
`

export type VaultLoginInputs = {
  readonly address: string
  readonly namespace?: string
  readonly jwt?: { readonly role: string; readonly mount?: string; readonly subjectAttributes?: readonly string[] }
  readonly token?: {
    readonly token: Secret<string>
    readonly displayName?: string
    readonly maxTtl?: string
    readonly policies?: readonly string[]
    readonly metadata?: Readonly<Record<string, string>>
  }
  readonly approle?: { readonly roleId: string; readonly secretId: Secret<string>; readonly mount?: string }
  readonly userpass?: { readonly username: string; readonly password: Secret<string>; readonly mount?: string }
}

const text: SchemaObject = { type: 'string' }
const hiddenText: SchemaObject = { type: 'string', secret: true }

function method(properties: SchemaObject['properties'], required: readonly string[]): SchemaObject {
  return { type: 'object', additionalProperties: false, ...(properties && { properties }), required }
}

const methods: Readonly<Record<string, SchemaObject>> = {
  jwt: method({ role: text, mount: { ...text, default: 'jwt' }, subjectAttributes: subjectAttributesSchema }, ['role']),
  token: method(
    {
      token: hiddenText,
      displayName: { ...text, default: 'pulumi' },
      maxTtl: { ...lifetimeSchema, default: '2h' },
      policies: { type: 'array', items: text },
      metadata: { type: 'object', additionalProperties: text },
    },
    ['token'],
  ),
  approle: method({ roleId: text, secretId: hiddenText, mount: { ...text, default: 'approle' } }, [
    'roleId',
    'secretId',
  ]),
  userpass: method({ username: text, password: hiddenText, mount: { ...text, default: 'userpass' } }, [
    'username',
    'password',
  ]),
}

/**
 * A token of Vault or OpenBao: for the identity token of the store, for an AppRole or a user, or a
 * child of a token that is given, which is never handed on itself.
 */
export function vaultLoginProvider(network: ProviderNetwork = {}): Provider<VaultLoginInputs> {
  return {
    name: 'vault-login',
    description: 'A token of HashiCorp Vault or OpenBao.',
    example,
    inputs: {
      oneOf: Object.entries(methods).map(([name, schema]) => ({
        type: 'object',
        additionalProperties: false,
        properties: { address: text, namespace: text, [name]: schema },
        required: ['address', name],
      })),
    },
    outputs: vaultLoginSchema,
    shareable: true,

    async open(inputs, context): Promise<VaultLogin> {
      const { address, namespace } = inputs
      const { doing, path, ...request } = await requestOf(inputs, context)
      const call = { provider: 'vault-login', doing, address, namespace, path, ...request, hints }
      const { json } = await callVault(call, network, context)
      const token = textIn(memberOf(json, 'auth'), 'client_token')
      if (token === undefined) throw malformedAnswer('vault-login', doing)
      // None: the token of a root, which does not end.
      lastsFor(context, memberOf(memberOf(json, 'auth'), 'lease_duration'))
      return { address, token: secret(token), ...(namespace !== undefined && { namespace }) }
    },
  }
}

export const vaultLogin = vaultLoginProvider()

const hints: Readonly<Record<string, string>> = {
  'HTTP 400': 'check the role (its bound audience, subject and issuer), the mount and the namespace',
  'HTTP 403': 'check that the login is right, has not expired, and may log in or make tokens in this namespace',
  'HTTP 404': 'check where the auth method is mounted (`mount`), and the namespace',
  'HTTP 503': 'the server is sealed or in maintenance: unseal it, or try again later',
}

async function requestOf({ jwt, token, approle, userpass }: VaultLoginInputs, context: ProviderContext) {
  if (jwt !== undefined) {
    const { role, mount = 'jwt', subjectAttributes } = jwt
    const identity = await requireIdentityToken(context, {
      provider: 'vault-login',
      audience: undefined,
      subjectAttributes,
    })
    return {
      doing: `login of role ${role} at ${mount}`,
      path: `auth/${vaultPath('vault-login', 'jwt.mount', mount)}/login`,
      body: { role, jwt: identity },
      hidden: [identity],
    }
  }
  if (approle !== undefined) {
    const { roleId, secretId, mount = 'approle' } = approle
    return {
      doing: `login of AppRole ${roleId} at ${mount}`,
      path: `auth/${vaultPath('vault-login', 'approle.mount', mount)}/login`,
      body: { role_id: roleId, secret_id: secretId.reveal() },
      hidden: [secretId.reveal()],
    }
  }
  if (userpass !== undefined) {
    const { username, password, mount = 'userpass' } = userpass
    const user = vaultPath('vault-login', 'userpass.username', username)
    return {
      doing: `login of user ${username} at ${mount}`,
      path: `auth/${vaultPath('vault-login', 'userpass.mount', mount)}/login/${user}`,
      body: { password: password.reveal() },
      hidden: [password.reveal()],
    }
  }
  return childToken(token as NonNullable<VaultLoginInputs['token']>, context)
}

function childToken(
  { token, displayName = 'pulumi', maxTtl, policies = [], metadata = {} }: NonNullable<VaultLoginInputs['token']>,
  context: ProviderContext,
) {
  const bounds = { usual: 7200, least: 1, most: 768 * 3600 }
  const seconds = wantedSeconds(maxTtl, context, { input: 'vault-login: `maxTtl`', ...bounds })
  return {
    doing: 'creation of a token',
    path: 'auth/token/create',
    token,
    body: {
      display_name: displayName,
      explicit_max_ttl: `${seconds}s`,
      // None: those of the token that is given.
      ...(policies.length > 0 && { policies }),
      meta: metadata,
    },
    hidden: [],
  }
}
