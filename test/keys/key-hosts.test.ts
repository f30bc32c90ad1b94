import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { EscError } from '../../src/errors.ts'
import { DataKey, type KeyHost, openSecretsProvider, unknownKeyHost } from '../../src/keys/index.ts'
import { contextOf } from './setup.ts'

const vault = (host: string) => `azurekeyvault://${host}/keys/app`
const kms = (endpoint: string) => `awskms://alias/app?region=eu-west-1&endpoint=${encodeURIComponent(endpoint)}`

/** The host that is not known, or what is wrong with the URL. */
function unknown(url: string, env: Readonly<Record<string, string>> = {}): string | undefined {
  try {
    return unknownKeyHost(url, env)?.origin
  } catch (error) {
    return (error as EscError).code
  }
}

describe('the host in the URL of a secrets provider', () => {
  it('is known when only its cloud can run it', () => {
    for (const host of [
      'team.vault.azure.net',
      'TEAM.Vault.Azure.NET',
      'team-1.vault.azure.cn',
      'team.vault.usgovcloudapi.net',
    ]) {
      expect(unknown(vault(host)), host).to.equal(undefined)
    }
    for (const endpoint of [
      'https://kms.us-east-1.amazonaws.com',
      'https://KMS.us-east-1.AMAZONAWS.com/',
      'https://kms.us-east-1.amazonaws.com.',
      'https://kms.us-east-1.amazonaws.com:443',
      'https://kms-fips.us-gov-west-1.amazonaws.com',
      'https://kms.cn-north-1.amazonaws.com.cn',
      'https://kms.eu-west-1.api.aws',
      'https://vpce-0a1b-2c3d.kms.eu-west-1.vpce.amazonaws.com',
    ]) {
      expect(unknown(kms(endpoint)), endpoint).to.equal(undefined)
    }
    for (const url of ['default', 'passphrase', 'age://', 'hashivault://app', 'awskms://alias/app?region=eu-west-1']) {
      expect(unknown(url), url).to.equal(undefined)
    }
  })

  it('is unknown, or no host of a vault, however much it looks like one', () => {
    const hosts: Record<string, string | undefined> = {
      'x.vault.evil.example': 'https://x.vault.evil.example',
      'x.vault.azure.net.evil.example': 'https://x.vault.azure.net.evil.example',
      'x.y.vault.azure.net': 'invalid_input',
      'x.vault.azure.net.': 'invalid_input',
      'x.vault.azure.net:8443': 'invalid_input',
      'evilvault.azure.net': 'invalid_input',
      'vault.azure.net': 'invalid_input',
      'x.vault.azure.net@evil.example': 'invalid_input',
      'evil.example@x.vault.azure.net': 'invalid_input',
      'x.vault.azure.nеt': 'invalid_input',
      'x.vault.azure.xn--e1afmkfd': 'https://x.vault.azure.xn--e1afmkfd',
      'x.vault.azure.xn--nt-ehc': 'invalid_input',
      'x.vault.azurenet.cn': 'https://x.vault.azurenet.cn',
      'x.vault.azure.net%2eevil.example': 'invalid_input',
      'x.vault.microsoftazure.de': 'https://x.vault.microsoftazure.de',
    }
    for (const [host, expected] of Object.entries(hosts)) expect(unknown(vault(host)), host).to.equal(expected)
  })

  it('is unknown as an endpoint of KMS, in every such disguise', () => {
    const endpoints: Record<string, string> = {
      'https://evil.example': 'https://evil.example',
      'https://kms.us-east-1.amazonaws.com.evil.example': 'https://kms.us-east-1.amazonaws.com.evil.example',
      'https://kms.us-east-1.amazonaws.com@evil.example': 'https://evil.example',
      'https://kms.us-east-1.amazonaws.com:443@evil.example/': 'https://evil.example',
      'https://evil.example/kms.us-east-1.amazonaws.com': 'https://evil.example',
      'https://evil.example#.amazonaws.com': 'https://evil.example',
      'https://kms.us-east-1.amazonaws.com:8443': 'https://kms.us-east-1.amazonaws.com:8443',
      'https://evilkms.us-east-1.amazonaws.com': 'https://evilkms.us-east-1.amazonaws.com',
      'https://kms.a.b.amazonaws.com': 'https://kms.a.b.amazonaws.com',
      // Names that customers of AWS can have.
      'https://ec2-203-0-113-7.compute-1.amazonaws.com': 'https://ec2-203-0-113-7.compute-1.amazonaws.com',
      'https://abc.execute-api.us-east-1.amazonaws.com': 'https://abc.execute-api.us-east-1.amazonaws.com',
      'https://kms.s3.amazonaws.com.evil.example': 'https://kms.s3.amazonaws.com.evil.example',
      'https://vpce-0a.vpce-svc-0b.us-east-1.vpce.amazonaws.com':
        'https://vpce-0a.vpce-svc-0b.us-east-1.vpce.amazonaws.com',
      'https://kms.us-east-1.аmazonaws.com': 'https://kms.us-east-1.xn--mazonaws-9ng.com',
      'http://127.0.0.1:4566': 'http://127.0.0.1:4566',
      'http://localhost': 'http://localhost',
    }
    for (const [endpoint, expected] of Object.entries(endpoints)) {
      const found = unknown(kms(endpoint))
      if (endpoint.includes('аmazonaws')) expect(found, endpoint).to.match(/^https:\/\/kms\.us-east-1\.xn--/)
      else expect(found, endpoint).to.equal(expected)
    }
  })

  it('is the choice of the user where a variable names it, and no other is', () => {
    const stack = vault('x.vault.local.azurestack.example')
    const origin = 'https://x.vault.local.azurestack.example'
    expect(unknown(stack, { ESC_KEY_HOSTS: 'x.vault.local.azurestack.example' })).to.equal(undefined)
    expect(unknown(stack, { ESC_KEY_HOSTS: 'a.example, *.local.azurestack.example' })).to.equal(undefined)
    expect(unknown(stack, { ESC_KEY_HOSTS: 'azurestack.example' })).to.equal(origin)
    expect(unknown(stack, { ESC_KEY_HOSTS: '*' })).to.equal(origin)
    expect(unknown(stack, { ESC_KEY_HOSTS: '*.' })).to.equal(origin)
    expect(unknown(stack, { ESC_KEY_HOSTS: '' })).to.equal(origin)
    expect(unknown(vault('x.vault.evilazurestack.example'), { ESC_KEY_HOSTS: '*.azurestack.example' })).to.equal(
      'https://x.vault.evilazurestack.example',
    )
    const local = kms('http://127.0.0.1:4566')
    expect(unknown(local, { ESC_KEY_HOSTS: '127.0.0.1:4566' })).to.equal(undefined)
    expect(unknown(local, { ESC_KEY_HOSTS: '127.0.0.1' }), 'another port').to.equal('http://127.0.0.1:4566')
    expect(unknown(local, { AWS_ENDPOINT_URL_KMS: 'http://127.0.0.1:4566/' })).to.equal(undefined)
    expect(unknown(local, { AWS_ENDPOINT_URL: 'http://127.0.0.1:4567' })).to.equal('http://127.0.0.1:4566')
    expect(unknown(stack, { AWS_ENDPOINT_URL: origin }), 'a variable of another cloud').to.equal(origin)
  })
})

describe('a host that was not allowed', () => {
  let server: Server
  let requests: number
  let url: string
  beforeEach(async () => {
    requests = 0
    server = createServer((_, answer) => {
      requests++
      answer.writeHead(500).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = kms(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
  afterEach(() => new Promise((resolve) => server.close(resolve)))

  const owner = { id: 'environment-1', name: 'app/dev' }
  const dataKey = DataKey.generate(owner).revealBytes()
  const env = { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'x', AWS_SESSION_TOKEN: 't0ken' }
  const keys = contextOf({ env, configFolder: '/nowhere', timeoutMs: 500 })

  it('gets no request: not to open, not to make a key', async () => {
    const error = await openSecretsProvider(url, keys, owner).catch((caught) => caught)
    expect(error).to.be.instanceOf(EscError)
    expect(error).to.include({ code: 'untrusted' })
    expect(error.hint).to.include('ESC_KEY_HOSTS=127.0.0.1:')
    expect(error.remedies).to.deep.equal([{ do: 'trust-store' }])
    expect(requests).to.equal(0)
  })

  it('is asked about once for each use, and reached when it is allowed', async () => {
    const asked: KeyHost[] = []
    const allowHost = async (host: KeyHost) => void asked.push(host)
    const provider = await openSecretsProvider(url, { ...keys, allowHost }, owner)
    expect(asked).to.deep.equal([
      { kind: 'awskms', origin: new URL(new URL(url).searchParams.get('endpoint')!).origin },
    ])
    await provider.wrapKey(dataKey).catch(() => {})
    expect(requests).to.be.greaterThan(0)
  })

  it('stays out of reach when whoever is asked refuses', async () => {
    const allowHost = async () => {
      throw new EscError('untrusted', 'no')
    }
    expect(await openSecretsProvider(url, { ...keys, allowHost }, owner).catch(({ code }) => code)).to.equal(
      'untrusted',
    )
    expect(requests).to.equal(0)
  })
})
