import { expect } from 'chai'
import { postWebhook } from '../../src/webhooks/index.ts'
import { checkUrl } from '../../src/webhooks/url.ts'
import { Receiver } from './receiver.ts'

describe('the URL of a webhook', () => {
  const refusals: readonly (readonly [string, RegExp])[] = [
    ['', /^"url" cannot be empty$/],
    ['example.com/hook', /^invalid "url" "example\.com\/hook"/],
    ['ftp://example.com', /must use http or https$/],
    ['javascript:alert(1)', /must use http or https$/],
    ['https://', /is missing a host$/],
    ['https:///hook', /is missing a host$/],
    [
      'https://user:hunter2@example.com/',
      /^"url" "https:\/\/\[secret\]@example\.com\/" holds a user name or password$/,
    ],
    ['http://example.com/', /is not encrypted$/],
    ['https://127.0.0.1/', /is a private address$/],
    ['https://2130706433/', /is a private address$/],
    ['https://0x7f.1/', /is a private address$/],
    ['https://0177.0.0.1/', /is a private address$/],
    ['https://127.1/', /is a private address$/],
    ['https://[::1]/', /is a private address$/],
    ['https://[::ffff:127.0.0.1]/', /is a private address$/],
    ['https://[0:0:0:0:0:ffff:a9fe:a9fe]/', /is a private address$/],
    ['https://169.254.169.254/latest/meta-data/', /is a private address$/],
    ['https://１２７.0.0.1/', /is a private address$/],
  ]
  for (const [url, message] of refusals) {
    it(`is refused: ${url === '' ? 'none' : url}`, () => {
      expect(() => checkUrl(url, 'raw', [])).to.throw(message)
    })
  }

  it('may be private, and http, where esc.yaml names the host, and that port', () => {
    for (const url of ['http://127.0.0.1:8080/', 'https://127.0.0.1:8080/', 'http://hooks.internal/'])
      expect(checkUrl(url, 'raw', ['127.0.0.1:8080', 'Hooks.Internal']).href).to.equal(url)
    expect(() => checkUrl('http://127.0.0.1:8081/', 'raw', ['127.0.0.1:8080'])).to.throw(/is not encrypted/)
  })

  it('is one of Slack for the format slack', () => {
    expect(() => checkUrl('https://example.com/', 'slack', [])).to.throw(
      /^slack webhooks require a "url" starting with/,
    )
    expect(checkUrl('https://hooks.slack.com/services/T/B/x', 'slack', []).hostname).to.equal('hooks.slack.com')
  })
})

describe('a delivery', () => {
  const request = { headers: {}, body: '{}', timeoutMs: 2000 }

  it('goes to the address that was looked at, whatever the name resolves to afterwards', async () => {
    const server = await new Receiver().start()
    const port = server.host.split(':')[1]
    let asked = 0
    const network = {
      resolve: async () => {
        asked++
        return [{ address: asked === 1 ? '127.0.0.1' : '10.0.0.1', family: 4 }]
      },
    }
    const allowed = [`rebinding.example:${port}`]
    const url = new URL(`http://rebinding.example:${port}/hook`)
    const answer = await postWebhook({ ...request, url, allowed }, network)
    expect(answer).to.deep.include({ kind: 'answered', status: 200 })
    expect(asked).to.equal(1)
    expect(server.received[0]!.headers.host).to.equal(`rebinding.example:${port}`)
    await server.stop()
  })

  it('is refused when one of several addresses is private', async () => {
    const network = {
      resolve: async () => [
        { address: '203.0.114.1', family: 4 },
        { address: '::ffff:10.0.0.1', family: 6 },
      ],
    }
    const answer = await postWebhook({ ...request, url: new URL('https://example.com/'), allowed: [] }, network)
    expect(answer).to.deep.equal({ kind: 'refused', reason: 'example.com is at the private address ::ffff:10.0.0.1' })
  })

  it('is refused where a host that is allowed leads to the credentials of the machine', async () => {
    const network = { resolve: async () => [{ address: '169.254.169.254', family: 4 }] }
    const url = new URL('http://metadata.example/')
    const answer = await postWebhook({ ...request, url, allowed: ['metadata.example'] }, network)
    expect(answer).to.deep.include({ kind: 'refused' })
  })

  it('says when the name has no address', async () => {
    const resolve = async () => {
      throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })
    }
    const answer = await postWebhook({ ...request, url: new URL('https://nowhere.example/'), allowed: [] }, { resolve })
    expect(answer).to.deep.equal({ kind: 'failed', reason: 'nowhere.example has no address (ENOTFOUND)' })
  })
})
