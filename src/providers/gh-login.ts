import { createPrivateKey, createSign, type KeyObject } from 'node:crypto'
import { EscError } from '../errors.ts'
import type { HttpAnswer, VendorFault } from '../http/index.ts'
import { type Secret, secret } from '../secret.ts'
import { lastsUntil } from './lifetime.ts'
import type { Provider, ProviderContext } from './provider.ts'
import {
  callVendor,
  isRefusal,
  malformedAnswer,
  memberOf,
  type ProviderNetwork,
  textIn,
  type VendorCall,
} from './vendor-call.ts'

const example = `values:
  github:
    login:
      fn::open::gh-login:
        appId: 12345
        privateKey: {fn::secret: "-----BEGIN RSA PRIVATE KEY-----…"}
        owner: example-owner
        repositories: [example-repository]
        permissions:
          contents: read
  environmentVariables:
    GITHUB_TOKEN: \${github.login.accessToken}
`

export type GhLoginInputs = {
  readonly appId: number
  readonly privateKey: Secret<string>
  readonly owner: string
  readonly repositories?: readonly string[]
  readonly permissions?: Readonly<Record<string, string>>
  readonly ghe?: { readonly host: string }
}

/** A token of an installation of a GitHub App, which lives for an hour. */
export function ghLoginProvider(network: ProviderNetwork = {}): Provider<GhLoginInputs> {
  return {
    name: 'gh-login',
    description: 'An access token of a GitHub App.',
    example,
    inputs: {
      type: 'object',
      additionalProperties: false,
      properties: {
        appId: { type: 'number' },
        privateKey: { type: 'string', secret: true },
        owner: { type: 'string', pattern: '^[A-Za-z0-9_.-]+$' },
        repositories: { type: 'array', items: { type: 'string' }, maxItems: 500 },
        permissions: { type: 'object', additionalProperties: { type: 'string' } },
        ghe: {
          type: 'object',
          additionalProperties: false,
          properties: { host: { type: 'string', pattern: '^[A-Za-z0-9.-]+(:[0-9]{1,5})?$' } },
          required: ['host'],
        },
      },
      required: ['appId', 'privateKey', 'owner'],
    },
    outputs: {
      type: 'object',
      properties: {
        appId: { type: 'number' },
        appSlug: { type: 'string' },
        installationId: { type: 'number' },
        accessToken: { type: 'string', secret: true },
        expiry: { type: 'string' },
        type: { type: 'string', const: 'installation' },
      },
      required: ['appId', 'appSlug', 'installationId', 'accessToken', 'expiry', 'type'],
    },
    shareable: true,

    async open({ appId, privateKey, owner, repositories, permissions, ghe }, context) {
      const token = appToken(appId, privateKey, context.now())
      const ask = asker({ token, ghe }, network, context)
      const { id, slug } = await installationOf(owner, ask)
      const doing = `creation of a token for installation ${id} of ${slug} at ${owner}`
      const body = { ...(repositories && { repositories }), ...(permissions && { permissions }) }
      const { json } = await ask({ doing, path: `/app/installations/${id}/access_tokens`, body })
      const [accessToken, expiry] = [textIn(json, 'token'), textIn(json, 'expires_at')]
      if (accessToken === undefined || expiry === undefined) throw malformedAnswer('gh-login', doing)
      lastsUntil(context, expiry)
      const made = { appId, appSlug: slug, installationId: id, accessToken: secret(accessToken), expiry }
      return { ...made, type: 'installation' }
    },
  }
}

export const ghLogin = ghLoginProvider()

const hints: Readonly<Record<string, string>> = {
  'HTTP 401': 'check `appId` and `privateKey`, and the clock of this machine',
  'HTTP 403': 'the installation may be suspended, or the app lacks the `permissions`',
  'HTTP 404': 'install the app for `owner`, and check `appId`',
  'HTTP 422': 'the app must have the `permissions`, and be installed for the `repositories`',
}

type Ask = (request: { readonly doing: string; readonly path: string; readonly body?: object }) => Promise<HttpAnswer>

function asker(
  { token, ghe }: { readonly token: string; readonly ghe: GhLoginInputs['ghe'] },
  network: ProviderNetwork,
  context: ProviderContext,
): Ask {
  const base: Pick<VendorCall, 'url' | 'named'> =
    ghe === undefined ? { url: 'https://api.github.com' } : { url: `https://${ghe.host}/api/v3`, named: true }
  const headers = {
    accept: 'application/vnd.github+json',
    authorization: `Bearer ${token}`,
    'user-agent': 'esc',
    'x-github-api-version': '2022-11-28',
  }
  return ({ path, ...request }) => {
    const url = `${base.url}${path}`
    const call = { ...base, ...request, provider: 'gh-login', url, headers, hidden: [token], readFault, hints }
    return callVendor(call, network, context)
  }
}

/** GitHub knows organizations and users apart; an owner may be either. */
async function installationOf(owner: string, ask: Ask): Promise<{ readonly id: number; readonly slug: string }> {
  const doing = `look-up of the installation at ${owner}`
  const { json } = await ask({ doing, path: `/orgs/${owner}/installation` }).catch((error: unknown) => {
    if (!isRefusal(error, 'HTTP 404')) throw error
    return ask({ doing, path: `/users/${owner}/installation` })
  })
  const [id, slug] = [memberOf(json, 'id'), textIn(json, 'app_slug')]
  if (typeof id !== 'number' || slug === undefined) throw malformedAnswer('gh-login', doing)
  return { id, slug }
}

/** Returns the token of the app: good for nine minutes, from a minute ago. */
function appToken(appId: number, privateKey: Secret<string>, now: Date): string {
  const seconds = Math.floor(now.getTime() / 1000)
  const claims = { iat: seconds - 60, exp: seconds + 540, iss: String(appId) }
  const text = [{ alg: 'RS256', typ: 'JWT' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${text}.${createSign('RSA-SHA256').update(text).sign(readKey(privateKey), 'base64url')}`
}

function readKey(privateKey: Secret<string>): KeyObject {
  let key: KeyObject | undefined
  try {
    key = createPrivateKey(privateKey.reveal())
  } catch {
    // What OpenSSL says of it may repeat a part of it.
  }
  if (key?.asymmetricKeyType === 'rsa') return key
  throw new EscError('invalid_input', 'gh-login: `privateKey` is no RSA key in PEM', {
    hint: 'give the whole file that GitHub made, with its lines -----BEGIN … and -----END …',
  })
}

/** GitHub has sentences for errors; the status is their code. */
function readFault({ status, json }: HttpAnswer): VendorFault | undefined {
  const text = textIn(json, 'message')
  return text === undefined ? undefined : { code: `HTTP ${status}`, text }
}
