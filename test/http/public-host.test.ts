import { expect } from 'chai'
import { direct, ForbiddenHost, type Lookup, publicAddresses, send } from '../../src/http/index.ts'
import { LocalServer } from './local-server.ts'

const finding =
  (...addresses: readonly string[]): Lookup =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))

const never = () => {
  throw new Error('nobody asks whether a public host may be private')
}

async function forbidden(hostname: string, lookup: Lookup, allowsPrivate = (_: string) => false) {
  const error = await publicAddresses(hostname, { lookup, allowsPrivate }).catch((thrown: unknown) => thrown)
  if (error instanceof ForbiddenHost) return error
  throw new Error(`${hostname} was not refused: ${error}`)
}

describe('publicAddresses()', () => {
  it('returns all addresses of a public host, and asks nobody', async () => {
    const lookup = finding('93.184.216.34', '2606:2800:21f::1')
    expect(await publicAddresses('example.com', { lookup, allowsPrivate: never })).to.deep.equal([
      { address: '93.184.216.34', family: 4 },
      { address: '2606:2800:21f::1', family: 6 },
    ])
    expect(await publicAddresses('93.184.216.34', { lookup: never, allowsPrivate: never })).to.deep.equal([
      { address: '93.184.216.34', family: 4 },
    ])
  })

  for (const address of [
    '10.0.0.1',
    '127.0.0.1',
    '192.168.1.1',
    '0.0.0.0',
    '::1',
    'fd00::1',
    '::ffff:10.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
    'fe80::1%eth0',
  ]) {
    it(`refuses a name that leads to ${address}, alone or among public ones`, async () => {
      expect(await forbidden('inside.example', finding(address))).to.include({ host: 'inside.example', address })
      expect(await forbidden('inside.example', finding('93.184.216.34', address))).to.include({ address })
    })
  }

  it('refuses addresses in the URL itself, however they are written', async () => {
    const hosts = ['http://127.0.0.1/', 'http://[::1]/', 'http://[::ffff:127.0.0.1]/', 'http://2130706433/']
    for (const url of hosts) {
      const { hostname } = new URL(url)
      await forbidden(hostname, never)
    }
  })

  it('lets a private host pass that is allowed by its name, without brackets and the dot at its end', async () => {
    const asked: string[] = []
    const allowsPrivate = (host: string) => {
      asked.push(host)
      return true
    }
    await publicAddresses('Inside.example.', { lookup: finding('10.0.0.1'), allowsPrivate })
    await publicAddresses('[::1]', { lookup: never, allowsPrivate })
    expect(asked).to.deep.equal(['inside.example', '::1'])
  })

  for (const address of ['169.254.169.254', '::ffff:169.254.169.254', 'fd00:ec2::254', '100.100.100.200']) {
    it(`refuses ${address}, where machines get credentials, whoever allows the host`, async () => {
      const asked: string[] = []
      const allowsPrivate = (host: string) => asked.push(host) > 0
      const error = await forbidden('metadata.example', finding('10.0.0.1', address), allowsPrivate)
      expect(error).to.include({ address, isMetadata: true })
      expect(asked).to.deep.equal([])
    })
  }

  it('passes on what the caller throws to refuse', async () => {
    const refused = new Error('ask your administrator')
    const allowsPrivate = () => {
      throw refused
    }
    const lookup = finding('10.0.0.1')
    expect(await publicAddresses('a.example', { lookup, allowsPrivate }).catch((error) => error)).to.equal(refused)
  })

  it('fails for a name without an address, and when the time for the look-up is over', async () => {
    const error = await publicAddresses('a.example', { lookup: finding(), allowsPrivate: never }).catch((e) => e)
    expect(error).to.have.property('code', 'ENOTFOUND')
    const lookup = () => new Promise<never>(() => {})
    const signal = AbortSignal.timeout(30)
    const late = await publicAddresses('a.example', { lookup, allowsPrivate: never, signal }).catch((e) => e)
    expect(late).to.have.property('name', 'TimeoutError')
  })

  it('gives the addresses to connect to: what the name resolves to a moment later does not matter', async () => {
    const server = await new LocalServer().start()
    const inside = await new LocalServer().start()
    try {
      let looks = 0
      const lookup: Lookup = async () => [{ address: looks++ === 0 ? '127.0.0.1' : '127.0.0.2', family: 4 }]
      const addresses = await publicAddresses('rebinding.invalid', { lookup, allowsPrivate: () => true })
      const url = `http://rebinding.invalid:${server.port}/`
      expect((await send({ method: 'GET', url, timeoutMs: 5000 }, direct({ addresses }))).text).to.equal('ok')
      expect([looks, server.asked.length, inside.asked.length]).to.deep.equal([1, 1, 0])
    } finally {
      await Promise.all([server.stop(), inside.stop()])
    }
  })
})
