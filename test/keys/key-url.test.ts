import { expect } from 'chai'
import type { EscError } from '../../src/errors.ts'
import { secretsProviderKind } from '../../src/keys/index.ts'
import { parseAgeUrl } from '../../src/keys/providers/age-url.ts'
import { parseAwsKeyUrl } from '../../src/keys/providers/awskms-url.ts'
import { parseAzureKeyUrl } from '../../src/keys/providers/azurekeyvault-url.ts'
import { parseGcpKeyUrl } from '../../src/keys/providers/gcpkms-url.ts'
import { parseVaultKeyUrl } from '../../src/keys/providers/hashivault-url.ts'

const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'
const arn = 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const gcpKey = 'projects/p/locations/global/keyRings/r/cryptoKeys/k'

function problemOf(url: string): string {
  try {
    secretsProviderKind(url)
  } catch (error) {
    const { code, message, hint } = error as EscError
    expect(code, message).to.equal('invalid_input')
    if (!message.startsWith('unknown secrets provider')) expect(hint, message).to.be.a('string')
    return message
  }
  throw new Error(`${url} was accepted`)
}

/** URLs, and what the error says of them. */
function refuses(cases: Readonly<Record<string, RegExp>>): void {
  for (const [url, problem] of Object.entries(cases)) expect(problemOf(url), url).to.match(problem)
}

describe('the URL awskms://', () => {
  it('names a key by id, alias or ARN', () => {
    for (const keyId of [
      '1234abcd-12ab-34cd-56ef-1234567890ab',
      'mrk-0123456789abcdef0123456789abcdef',
      'alias/app/prod',
    ]) {
      expect(parseAwsKeyUrl(`awskms://${keyId}?region=eu-west-1`)).to.deep.include({ keyId, region: 'eu-west-1' })
    }
    expect(parseAwsKeyUrl(`awskms:///${arn}`)).to.deep.include({ keyId: arn, region: 'us-east-1' })
    const alias = 'arn:aws-cn:kms:cn-north-1:123456789012:alias/app'
    expect(parseAwsKeyUrl(`awskms:///${alias}`)).to.deep.include({ keyId: alias, region: 'cn-north-1' })
  })

  it('takes the parameters there are', () => {
    const url =
      'awskms://alias/app?profile=ops&role=arn:aws:iam::123456789012:role/esc&endpoint=https%3A%2F%2Fkms.internal&fips=true' +
      '&dualstack=true&anonymous=false&context_team=a%20b&context_stage=prod&awssdk=v2&hostname_immutable=true' +
      '&rate_limiter_capacity=5&request_checksum_calculation=when_required&response_checksum_validation=when_required'
    expect(parseAwsKeyUrl(url)).to.deep.equal({
      kind: 'awskms',
      keyId: 'alias/app',
      profile: 'ops',
      role: 'arn:aws:iam::123456789012:role/esc',
      endpoint: 'https://kms.internal',
      fips: true,
      dualstack: true,
      anonymous: false,
      context: { team: 'a b', stage: 'prod' },
    })
  })

  it('is refused when it is anything else', () => {
    refuses({
      awskms: /it is not a URL/,
      'awskms:alias/app': /it is not a URL/,
      'awskms://': /names no key/,
      'awskms:///': /names no key/,
      'awskms://alias/': /not an alias name/,
      'awskms://alias//app': /not an alias name/,
      'awskms://alias/app/../prod': /not an alias name/,
      'awskms://key/1234': /not a key id/,
      'awskms://a%2Fb': /has '%' in it/,
      'awskms://alias/my app': /has a space in it/,
      'awskms://alias/app#x': /has '#' in it/,
      [`awskms://${arn}`]: /after three slashes/,
      'awskms:///arn:aws:s3:us-east-1:123456789012:key/1': /is not the ARN of a KMS key/,
      'awskms:///arn:aws:kms:us-east-1::key/1': /is not the ARN of a KMS key/,
      [`awskms:///${arn}?region=eu-west-1`]: /its region is eu-west-1, and that of the ARN us-east-1/,
      'awskms://alias/app?regoin=x': /the parameter 'regoin' is unknown/,
      'awskms://alias/app?context_=x': /the parameter 'context_' is unknown/,
      'awskms://alias/app?context_a=1&context_a=2': /'context_a' is given more than once/,
      'awskms://alias/app?region=': /'region' has no value/,
      'awskms://alias/app?region': /'region' has no value/,
      'awskms://alias/app?region=%zz': /not percent-encoded/,
      'awskms://alias/app?region=a.evil.com/': /is not a region/,
      'awskms://alias/app?fips=yes': /'fips' must be true or false/,
      'awskms://alias/app?role=admin': /'role' must be the ARN/,
      'awskms://alias/app?endpoint=http://kms.example.com': /'endpoint' must be an https/,
      'awskms://alias/app?endpoint=http://127.0.0.1.evil.com': /'endpoint' must be an https/,
      'awskms://alias/app?context_esc-environment=x': /is set by esc itself/,
    })
  })

  it('may lead to this machine without TLS', () => {
    for (const endpoint of ['http://localhost:4566', 'http://127.0.0.1:1', 'http://[::1]:1']) {
      expect(parseAwsKeyUrl(`awskms://alias/app?endpoint=${endpoint}`).endpoint).to.equal(endpoint)
    }
  })
})

describe('the URL azurekeyvault://', () => {
  it('names a key, and a version to pin it', () => {
    expect(parseAzureKeyUrl('azurekeyvault://Team.vault.azure.net/keys/app')).to.deep.equal({
      kind: 'azurekeyvault',
      host: 'team.vault.azure.net',
      name: 'app',
      version: undefined,
      algorithm: 'RSA-OAEP-256',
    })
    const pinned = parseAzureKeyUrl('azurekeyvault://team.vault.azure.cn/keys/app/0123abcd?algorithm=RSA-OAEP')
    expect(pinned).to.deep.include({ version: '0123abcd', algorithm: 'RSA-OAEP' })
  })

  it('is refused when it is anything else, above all when the token would go elsewhere', () => {
    refuses({
      'azurekeyvault://': /not a vault's host name/,
      'azurekeyvault://team.vault.azure.net': /names no key/,
      'azurekeyvault://team.vault.azure.net/keys/': /names no key/,
      'azurekeyvault://team.vault.azure.net/secrets/app': /names no key/,
      'azurekeyvault://team.vault.azure.net/keys/app/': /not a key version/,
      'azurekeyvault://team.vault.azure.net/keys/app/v1/x': /not a key version/,
      'azurekeyvault://team.vault.azure.net/keys/../secrets': /names no key/,
      'azurekeyvault://evil.com/x.vault.azure.net/keys/app': /'evil\.com' is not a vault's host name/,
      'azurekeyvault://evil.com@team.vault.azure.net/keys/app': /not a vault's host name/,
      'azurekeyvault://evil.com:1.vault.azure.net/keys/app': /not a vault's host name/,
      'azurekeyvault://team.vault/keys/app': /not a vault's host name/,
      'azurekeyvault://team.vault.azure.net/keys/app?algorithm=RSA1_5': /is not one of RSA-OAEP-256, RSA-OAEP/,
      'azurekeyvault://team.vault.azure.net/keys/app?version=1': /'version' is unknown/,
    })
  })
})

describe('the URL gcpkms://', () => {
  it('names a key, and bytes to bind', () => {
    expect(parseGcpKeyUrl(`gcpkms://${gcpKey}`)).to.deep.include({ name: gcpKey })
    const { additionalData } = parseGcpKeyUrl(`gcpkms://${gcpKey}?additional_authenticated_data=_-8`)
    expect(Buffer.from(additionalData).toString('hex')).to.equal('ffef')
  })

  it('is refused when it is anything else', () => {
    refuses({
      'gcpkms://': /lacks 'projects/,
      'gcpkms://projects//locations/l/keyRings/r/cryptoKeys/k': /after 'projects' is empty/,
      'gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/': /after 'cryptoKeys' is empty/,
      'gcpkms://projects/p/locations/l/keyRings/r': /lacks 'cryptoKeys/,
      'gcpkms://projects/../locations/l/keyRings/r/cryptoKeys/k': /cannot follow 'projects'/,
      [`gcpkms://${gcpKey}/cryptoKeyVersions/1`]: /more after the name/,
      [`gcpkms://${gcpKey}:decrypt?x=1`]: /'x' is unknown/,
      [`gcpkms://${gcpKey}?additional_authenticated_data=a+b`]: /is not base64url/,
      [`gcpkms:///${gcpKey}`]: /lacks 'projects/,
    })
  })
})

describe('the URL hashivault://', () => {
  it('names a key, and the mount of its engine', () => {
    expect(parseVaultKeyUrl('hashivault://app')).to.deep.equal({
      kind: 'hashivault',
      key: 'app',
      engine: 'transit',
      namespace: undefined,
    })
    expect(parseVaultKeyUrl('hashivault://app.v1-x?engine=team/transit').engine).to.equal('team/transit')
  })

  it('is refused when it would leave the mount, or is anything else', () => {
    refuses({
      'hashivault://': /names no key/,
      'hashivault://..': /not a key name/,
      'hashivault://../../sys/seal': /not a key name/,
      'hashivault://app/../../sys': /not a key name/,
      'hashivault://a..b': /not a key name/,
      'hashivault://app/': /not a key name/,
      'hashivault://user:token@vault/app': /not a key name/,
      'hashivault://app?engine=..': /is not a mount/,
      'hashivault://app?engine=a/../../sys': /is not a mount/,
      'hashivault://app?engine=a/./b': /is not a mount/,
      'hashivault://app?engine=%2e%2e/sys': /is not a mount/,
      'hashivault://app?engine=/transit': /is not a mount/,
      'hashivault://app?engine=a//b': /is not a mount/,
      'hashivault://app?mount=x': /'mount' is unknown/,
    })
  })
})

describe('the URL age://', () => {
  it('names recipients, or leaves that to a file', () => {
    expect(parseAgeUrl(`age://${recipient}`).recipients).to.deep.equal([recipient])
    for (const url of ['age', 'age://']) expect(parseAgeUrl(url).recipients).to.deep.equal([])
  })

  it('is refused when a recipient is mistyped, twice there, or of another kind', () => {
    for (let at = 5; at < recipient.length; at++) {
      const wrong = recipient.slice(0, at) + (recipient[at] === 'q' ? 'p' : 'q') + recipient.slice(at + 1)
      expect(problemOf(`age://${wrong}`), String(at)).to.match(/is mistyped/)
    }
    refuses({
      [`age://${recipient},`]: /a recipient is empty/,
      [`age://${recipient},${recipient}`]: /is named twice/,
      [`age://${recipient.slice(0, -1)}`]: /cut short/,
      'age://ssh-ed25519': /ssh keys cannot be recipients/,
      'age://age1yubikey1qwzazs8nzzwww0r': /not a recipient that can be used/,
      'age://bob': /not a recipient that can be used/,
      'age:bob': /it is not a URL/,
      [`age://${recipient}?x=1`]: /'x' is unknown/,
    })
  })

  it('never repeats a secret key that was put there by mistake', () => {
    const key = 'AGE-SECRET-KEY-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0SXTXKTY'
    for (const url of [`age://${key}`, `age://${recipient},${key}`, `age://${key.toLowerCase()}`, key, `${key}://x`]) {
      expect(problemOf(url).toUpperCase()).to.not.contain('1QQQSYQ')
    }
  })
})

describe('the kind of a secrets provider', () => {
  it('must be known', () => {
    const known = 'default, passphrase, age, awskms, azurekeyvault, gcpkms, hashivault'
    refuses({
      rot13: /^unknown secrets provider type 'rot13'/,
      'rot13://x': /^unknown secrets provider type 'rot13'/,
      'https://vault.example.com': /^unknown secrets provider type 'https'/,
      'default:x': /^unknown secrets provider type 'default:x'/,
      'passphrase://x': /^unknown secrets provider type 'passphrase:\/\/x'/,
      '': /^unknown secrets provider type ''/,
      constructor: /^unknown secrets provider type/,
    })
    expect(problemOf('defaults')).to.equal(`unknown secrets provider type 'defaults' (supported values: ${known})`)
    for (const url of ['default', 'default://', 'passphrase']) expect(secretsProviderKind(url)).to.match(/^[dp]/)
  })

  it('is suggested for a name that was mistyped', () => {
    const hintOf = (url: string) => {
      try {
        secretsProviderKind(url)
      } catch (error) {
        return (error as EscError).hint
      }
      throw new Error('was accepted')
    }
    expect(hintOf('awskm://alias/x')).to.equal('did you mean "awskms"?')
    expect(hintOf('hashvault://x')).to.equal('did you mean "hashivault"?')
    expect(hintOf('defaults')).to.equal('did you mean "default"?')
    expect(hintOf('rot13')).to.equal(undefined)
  })
})
