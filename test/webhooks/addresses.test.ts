import { expect } from 'chai'
import { isForbidden, isMetadata } from '../../src/webhooks/addresses.ts'
import { postWebhook } from '../../src/webhooks/index.ts'
import { checkUrl } from '../../src/webhooks/url.ts'
import { Receiver } from './receiver.ts'

const forbidden = [
  ['this host', '0.0.0.0', '0.1.2.3', '::'],
  ['loopback', '127.0.0.1', '127.255.255.254', '::1'],
  ['private', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fd12:3456::1'],
  ['shared', '100.64.0.1', '100.127.255.255'],
  ['link-local', '169.254.0.1', 'fe80::1', 'febf::1'],
  ['metadata', '169.254.169.254', '169.254.170.2', '168.63.129.16', '100.100.100.200', '192.0.0.192', 'fd00:ec2::254'],
  ['multicast and reserved', '224.0.0.1', '255.255.255.255', '240.0.0.1', 'ff02::1'],
  ['documentation and tests', '192.0.2.1', '198.51.100.1', '203.0.113.1', '198.18.0.1', '2001:db8::1', '3fff::1'],
  ['IPv4 in IPv6', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:a9fe:a9fe', '::127.0.0.1', '64:ff9b::10.0.0.1'],
  ['tunnels to IPv4', '2002:7f00:1::', '2001:0:7f00:1::', '64:ff9b:1::1'],
  ['no address', '', 'localhost', '1.2.3', '127.1', '0x7f000001', '2606:4700::1%eth0'],
]
const free = ['1.1.1.1', '8.8.8.8', '172.15.255.255', '172.32.0.1', '100.63.255.255', '100.128.0.1', '169.253.0.1']
const freeV6 = ['2606:4700:4700::1111', '2a00:1450:4001::1', '64:ff9b::8.8.8.8', '::ffff:8.8.8.8']

describe('addresses that webhooks must not reach', () => {
  for (const [what = '', ...addresses] of forbidden) {
    it(`are those of kind: ${what}`, () => {
      for (const address of addresses) expect(isForbidden(address), address).to.equal(true)
    })
  }

  it('are not those of the public internet', () => {
    for (const address of [...free, ...freeV6]) expect(isForbidden(address), address).to.equal(false)
  })

  it('stay out of reach, where machines ask for their credentials, even for a host that is allowed', () => {
    for (const address of ['169.254.169.254', '::ffff:169.254.169.254', 'fd00:ec2::254', 'fe80::1', '168.63.129.16'])
      expect(isMetadata(address), address).to.equal(true)
    for (const address of ['127.0.0.1', '10.0.0.1', '::1', 'fd12::1'])
      expect(isMetadata(address), address).to.equal(false)
  })
})

describe('the URL of a webhook', () => {
  const refusals: readonly (readonly [string, RegExp])[] = [
    ['', /^--url cannot be empty$/],
    ['example.com/hook', /^invalid --url "example\.com\/hook"/],
    ['ftp://example.com', /must use http or https$/],
    ['javascript:alert(1)', /must use http or https$/],
    ['https://', /is missing a host$/],
    ['https:///hook', /is missing a host$/],
    [
      'https://user:hunter2@example.com/',
      /^--url "https:\/\/\[secret\]@example\.com\/" holds a user name or password$/,
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
      /^slack webhooks require a --url starting with/,
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
