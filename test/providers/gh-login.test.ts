import { expect } from 'chai'
import { ghLoginProvider } from '../../src/providers/gh-login.ts'
import { secret } from '../../src/secret.ts'
import { rsaKey } from './jwt.ts'

describe('gh-login', () => {
  it('logs in to the installation of a user, where no organization has the name', async () => {
    const asked: string[] = []
    const fetch = async (url: string | URL | Request) => {
      const { pathname } = new URL(String(url))
      asked.push(pathname)
      const [status, body] =
        pathname === '/users/ada/installation'
          ? [200, { id: 5, app_slug: 'bot' }]
          : pathname === '/app/installations/5/access_tokens'
            ? [201, { token: 'ghs_x', expires_at: '2026-03-04T06:06:07Z' }]
            : [404, { message: 'Not Found' }]
      return new Response(JSON.stringify(body), { status: status as number })
    }
    const provider = ghLoginProvider({ fetch })
    const inputs = { appId: 1, privateKey: secret(rsaKey().privatePem), owner: 'ada' }
    const opened = await provider.open(inputs, {
      now: () => new Date('2026-03-04T05:06:07Z'),
      signal: new AbortController().signal,
    } as Parameters<typeof provider.open>[1])
    expect(opened).to.include({ installationId: 5, appSlug: 'bot' })
    expect(asked.slice(0, 2)).to.deep.equal(['/orgs/ada/installation', '/users/ada/installation'])
  })
})
