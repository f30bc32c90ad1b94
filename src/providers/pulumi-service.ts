import { EscError } from '../errors.ts'
import type { HttpAnswer, VendorFault } from '../http/index.ts'
import { longestState } from './object-stores.ts'
import type { ProviderContext } from './provider.ts'
import type { PulumiBackend, PulumiStack } from './pulumi-checkpoint.ts'
import { shownAddress } from './site-address.ts'
import { callVendor, malformedAnswer, memberOf, type ProviderNetwork, textIn } from './vendor-call.ts'

const provider = 'pulumi-stacks'

interface ServiceLogin {
  /** Without a slash at its end. */
  readonly url: string
  readonly token: string | undefined
  /** Default: that of the user. */
  readonly organization: string | undefined
}

/** The hosted service, or one that speaks as it. */
export function pulumiService(
  { url, token, organization }: ServiceLogin,
  network: ProviderNetwork,
  context: ProviderContext,
): PulumiBackend {
  if (!token) {
    throw new EscError('provider_failed', `${provider}: you are not logged in to ${shownAddress(url)}`, {
      hint: 'set PULUMI_ACCESS_TOKEN, or run "pulumi login"',
    })
  }
  const call = async (doing: string, path: string, body?: object) => {
    const headers = { authorization: `token ${token}`, accept: 'application/vnd.pulumi+8' }
    const request = { provider, doing, url: `${url}/api/${path}`, headers, ...(body && { body }) }
    const more = { hidden: [token], readFault, hints, longestBytes: longestState }
    return (await callVendor({ ...request, ...more }, network, context)).json
  }
  let found: Promise<string> | undefined
  const owner = () => {
    found ??= organization
      ? Promise.resolve(organization)
      : call('asking who you are', 'user').then((user) => {
          const login = textIn(user, 'githubLogin')
          if (login === undefined) throw malformedAnswer(provider, 'asking who you are')
          return login
        })
    return found
  }
  const pathOf = async ({ project, name }: PulumiStack) =>
    `stacks/${[await owner(), project, name].map(encodeURIComponent).join('/')}`
  return {
    read: async (stack) => call(`reading ${stack.project}/${stack.name}`, `${await pathOf(stack)}/export`),
    async decrypt(stack, ciphertexts) {
      const doing = `decrypting outputs of ${stack.project}/${stack.name}`
      const answer = await call(doing, `${await pathOf(stack)}/batch-decrypt`, { ciphertexts })
      const plaintexts = memberOf(answer, 'plaintexts')
      return new Map(
        ciphertexts.map((each) => {
          const text = textIn(plaintexts, each)
          if (text === undefined) throw malformedAnswer(provider, doing)
          return [each, Buffer.from(text, 'base64').toString()] as const
        }),
      )
    },
  }
}

const hints: Readonly<Record<string, string>> = {
  'HTTP 401': 'the token is wrong or has expired: run "pulumi login" again',
  'HTTP 403': 'you need the permission to read the stack',
  'HTTP 404': 'check project and stack, and PULUMI_ORG where the stack is of an organization',
}

function readFault({ status, json }: HttpAnswer): VendorFault | undefined {
  const text = textIn(json, 'message')
  return text === undefined ? undefined : { code: `HTTP ${status}`, text }
}
