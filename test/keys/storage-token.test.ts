import { expect } from 'chai'
import type { EscError } from '../../src/errors.ts'
import { storageToken } from '../../src/keys/index.ts'
import { claimsOf, rsaKey } from '../providers/jwt.ts'

describe('storageToken()', () => {
  const asked: { readonly url: string; readonly form: URLSearchParams }[] = []
  const call = { doing: 'pulumi-stacks: login', hidden: [] }
  const contextOf = (env: Record<string, string>, answer: () => Response) => ({
    env: { HOME: '/nonexistent', ...env },
    configFolder: '/nonexistent',
    notify: () => {},
    network: {
      sleep: async () => {},
      fetch: (async (url, init) => {
        asked.push({ url: String(url), form: new URLSearchParams(String(init?.body ?? '')) })
        return answer()
      }) as typeof fetch,
    },
  })
  beforeEach(() => void asked.splice(0))

  it('is one of Google for reading objects alone, by the key of a service account', async () => {
    const key = rsaKey()
    const credentials = { type: 'service_account', client_email: 'a@x.iam', private_key: key.privatePem }
    const context = contextOf({ GOOGLE_CREDENTIALS: JSON.stringify(credentials) }, () =>
      Response.json({ access_token: 'google-token', expires_in: 3600 }),
    )
    expect(await storageToken({ kind: 'google' }, context, call)).to.equal('google-token')
    const claims = claimsOf(asked[0]?.form.get('assertion') ?? '', key)
    expect(claims).to.include({ iss: 'a@x.iam', scope: 'https://www.googleapis.com/auth/devstorage.read_only' })
  })

  it('is one of Azure for storage, in the cloud of the account', async () => {
    const env = { AZURE_TENANT_ID: 'tenant', AZURE_CLIENT_ID: 'client', AZURE_CLIENT_SECRET: 'swordfish' }
    const context = contextOf(env, () => Response.json({ access_token: 'azure-token', expires_in: 3600 }))
    for (const [host, authority] of [
      ['acme.blob.core.windows.net', 'login.microsoftonline.com'],
      ['acme.blob.core.chinacloudapi.cn', 'login.chinacloudapi.cn'],
      ['acme.blob.core.usgovcloudapi.net', 'login.microsoftonline.us'],
    ] as const) {
      const own = { ...context }
      expect(await storageToken({ kind: 'azure', host }, own, call)).to.equal('azure-token')
      expect(asked.at(-1)?.url).to.equal(`https://${authority}/tenant/oauth2/v2.0/token`)
      expect(asked.at(-1)?.form.get('scope')).to.equal('https://storage.azure.com/.default')
    }
  })

  it('says what it was for where there is none, and repeats no secret', async () => {
    const env = { AZURE_TENANT_ID: 'tenant', AZURE_CLIENT_ID: 'client', AZURE_CLIENT_SECRET: 'swordfish' }
    const refusing = contextOf(env, () =>
      Response.json({ error: 'invalid_client', error_description: 'swordfish is wrong' }, { status: 401 }),
    )
    const host = 'acme.blob.core.windows.net'
    const error = await storageToken({ kind: 'azure', host }, refusing, call).catch((caught: EscError) => caught)
    expect((error as EscError).message).to.equal('pulumi-stacks: login: invalid_client: [secret] is wrong')
    const nothing = contextOf({ GCE_METADATA_HOST: 'metadata.test' }, () => new Response('', { status: 404 }))
    const none = (await storageToken({ kind: 'google' }, nothing, call).catch((caught) => caught)) as EscError
    expect(none.message).to.match(/^pulumi-stacks: login: no credentials: no Google credentials are set/)
    expect(none.hint).to.include('gcloud auth print-access-token')
  })
})
