import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { DataKey, openSecretsProvider } from '../../../src/keys/index.ts'
import { FakeKms } from '../../fakes/aws-kms.ts'
import { parseSignature } from '../../fakes/sigv4.ts'
import { errorOf } from '../../store/worlds.ts'
import { testSecretsProvider, unavailable } from '../contract.ts'
import type { Setup } from '../setup.ts'
import { contextOf } from '../setup.ts'

testSecretsProvider({
  kind: 'awskms',
  remote: true,
  start: async (folder) => {
    const fake = await new FakeKms().start()
    const key = fake.addKey('eu-west-1')
    const other = fake.addKey('eu-west-1')
    fake.aliases.set('eu-west-1/app', key)
    const both = ['kms:Encrypt', 'kms:Decrypt']
    const session = 'FwoGZXIvYXdzEBYaDE0123456789sessiontoken'
    const setup = (allowed: readonly string[], more: Record<string, string> = {}): Setup => {
      const { accessKeyId, secretAccessKey } = fake.addLogin(allowed, session)
      const login = {
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_SESSION_TOKEN: session,
      }
      return {
        env: { ...login, AWS_ENDPOINT_URL_KMS: fake.url, AWS_REGION: 'eu-west-1', ...more },
        configFolder: folder,
      }
    }
    const url = 'awskms://alias/app?context_team=platform'
    return {
      url,
      setup: setup(both),
      other: {
        url: `awskms://${other.id}?context_team=platform`,
        setup: setup(both),
        message: /was wrapped with AWS KMS key arn:aws:kms:eu-west-1:.*, not with/,
      },
      secrets: () => fake.logins.flatMap(({ secretAccessKey }) => [secretAccessKey, session]),
      fake,
      rotate: () => {
        // Once by AWS, and once by hand, as for keys whose material AWS does not rotate.
        key.material.push(Buffer.alloc(32, key.material.length))
        fake.aliases.set('eu-west-1/app', other)
      },
      failures: {
        'no permission': {
          setup: setup(['kms:Encrypt']),
          ...unavailable,
          message: /AccessDeniedException: .*kms:Decrypt/,
        },
        'no such key': {
          url: 'awskms://alias/nothing',
          action: 'wrap',
          ...unavailable,
          message: /with AWS KMS key alias\/nothing: NotFoundException/,
        },
        'a disabled key': {
          cause: () => {
            key.state = 'Disabled'
          },
          ...unavailable,
          message: /DisabledException: .* is disabled/,
        },
        'a key to be deleted': {
          cause: () => {
            key.state = 'PendingDeletion'
          },
          ...unavailable,
          message: /KMSInvalidStateException/,
        },
        'an unknown access key': {
          setup: setup(both, { AWS_ACCESS_KEY_ID: 'AKIAUNKNOWN' }),
          ...unavailable,
          message: /UnrecognizedClientException/,
        },
        'a wrong secret key': {
          setup: setup(both, { AWS_SECRET_ACCESS_KEY: 'c2VjcmV0LWtleS1vZi1zb21lYm9keS1lbHNl' }),
          ...unavailable,
          message: /: InvalidSignatureException$/,
        },
        'another region': { url: `${url}&region=us-east-1`, ...unavailable, message: /NotFoundException/ },
        'another encryption context': {
          url: 'awskms://alias/app?context_team=sales',
          code: 'tampered',
          message: /InvalidCiphertextException/,
        },
      },
    }
  },
})

describe('a key of AWS KMS', () => {
  const owner = { id: 'environment-1', name: 'rotators/ci' }
  const dataKey = DataKey.generate(owner).revealBytes()
  let fake: FakeKms
  let key: ReturnType<FakeKms['addKey']>
  let env: Record<string, string>
  beforeEach(async () => {
    fake = await new FakeKms().start()
    key = fake.addKey('eu-west-1')
    fake.aliases.set('eu-west-1/app', key)
    const login = fake.addLogin(['kms:Encrypt', 'kms:Decrypt', 'sts:AssumeRole'])
    env = {
      AWS_ACCESS_KEY_ID: login.accessKeyId,
      AWS_SECRET_ACCESS_KEY: login.secretAccessKey,
      AWS_ENDPOINT_URL: fake.url,
      AWS_REGION: 'us-east-1',
    }
  })
  afterEach(() => fake.stop())

  const open = (url: string, more: Record<string, string> = {}) =>
    openSecretsProvider(url, contextOf({ env: { ...env, ...more }, configFolder: '/nowhere' }), owner)
  async function roundTrip(url: string, more: Record<string, string> = {}): Promise<string> {
    const wrapped = await (await open(url, more)).wrapKey(dataKey)
    expect(Buffer.from(await (await open(url, more)).unwrapKey(wrapped)).equals(dataKey)).to.equal(true)
    return wrapped
  }
  const sent = () =>
    fake.requests.map(({ headers, body }) => ({ target: headers['x-amz-target'], ...JSON.parse(body) }))

  it('may be named by id, alias, or the ARN of either, which knows its region', async () => {
    const arn = fake.arnOf(key)
    const names = [key.id, 'alias/app'].map((name) => `awskms://${name}?region=eu-west-1`)
    for (const url of [...names, `awskms:///${arn}`, `awskms:///${arn.replace(/:key\/.*/, ':alias/app')}`]) {
      expect((await roundTrip(url)).startsWith(`v1:awskms:${arn}:`), url).to.equal(true)
    }
  })

  it('is asked once, with the context of the URL and the id of the environment', async () => {
    await roundTrip('awskms://alias/app?region=eu-west-1&context_team=platform&context_stage=prod')
    const EncryptionContext = { team: 'platform', stage: 'prod', 'esc-environment': 'environment-1' }
    const [encrypt, decrypt, ...more] = sent()
    expect(more).to.deep.equal([])
    expect(encrypt).to.deep.include({ target: 'TrentService.Encrypt', KeyId: 'alias/app', EncryptionContext })
    expect(decrypt).to.deep.include({ target: 'TrentService.Decrypt', KeyId: fake.arnOf(key), EncryptionContext })
  })

  it('opens in another region when it is a multi-region key', async () => {
    const multi = fake.addKey('eu-west-1', 'mrk-0123456789abcdef0123456789abcdef')
    const wrapped = await roundTrip(`awskms://${multi.id}?region=eu-west-1`)
    fake.replicate(multi, 'us-west-2')
    const elsewhere = await open(`awskms://${multi.id}?region=us-west-2`)
    expect(Buffer.from(await elsewhere.unwrapKey(wrapped)).equals(dataKey)).to.equal(true)
    const single = await roundTrip('awskms://alias/app?region=eu-west-1')
    const error = await errorOf(async () => (await open('awskms://alias/app?region=us-west-2')).unwrapKey(single))
    expect(error.message).to.contain('NotFoundException')
  })

  it('is reached at the endpoint of the URL before those of the environment', async () => {
    const url = `awskms://alias/app?region=eu-west-1&endpoint=${encodeURIComponent(fake.url)}`
    await roundTrip(url, {
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_ENDPOINT_URL_KMS: 'http://127.0.0.1:9',
      ESC_KEY_HOSTS: new URL(fake.url).host,
    })
    await roundTrip('awskms://alias/app?region=eu-west-1', {
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_ENDPOINT_URL_KMS: fake.url,
    })
  })

  it('is used as a role that is assumed first', async () => {
    const role = 'arn:aws:iam::123456789012:role/esc'
    const url = `awskms://alias/app?region=eu-west-1&role=${role}`
    const denied = await errorOf(() => roundTrip(url))
    expect(denied.message).to.contain('AccessDenied: not authorized to perform: sts:AssumeRole')
    expect(denied.code).to.equal('key_unavailable')
    fake.roles.set(role, ['kms:Encrypt', 'kms:Decrypt'])
    await roundTrip(url)
    const last = fake.requests.at(-1)!
    expect(last.headers['x-amz-security-token']).to.equal(fake.logins.at(-1)!.sessionToken)
  })

  it('is used with the profile of the URL, whatever credentials the environment has', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'esc-aws-'))
    const { accessKeyId, secretAccessKey } = fake.addLogin(['kms:Encrypt', 'kms:Decrypt'])
    writeFileSync(
      join(folder, 'credentials'),
      `[ops]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
    )
    writeFileSync(join(folder, 'config'), '[profile ops]\nregion = eu-west-1\n')
    const restore = setProcessEnv({
      AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
      AWS_CONFIG_FILE: join(folder, 'config'),
    })
    try {
      await roundTrip('awskms://alias/app?profile=ops', { AWS_REGION: '', AWS_ACCESS_KEY_ID: 'AKIAUNKNOWN' })
      await roundTrip('awskms://alias/app', { AWS_REGION: '', AWS_ACCESS_KEY_ID: '', AWS_PROFILE: 'ops' })
      expect(parseSignature(fake.requests.at(-1)!)!.accessKeyId).to.equal(accessKeyId)
    } finally {
      restore()
      rmSync(folder, { recursive: true })
    }
  })

  describe('with a profile that names endpoints', () => {
    let folder: string
    let restore: () => void
    let login: ReturnType<FakeKms['addLogin']>
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'esc-aws-'))
      login = fake.addLogin(['kms:Encrypt', 'kms:Decrypt', 'sts:AssumeRole'])
      restore = setProcessEnv({
        AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
        AWS_CONFIG_FILE: join(folder, 'config'),
        // Another profile of this user, whose endpoint must not count.
        AWS_PROFILE: 'nowhere',
      })
      const key = `aws_access_key_id = ${login.accessKeyId}\naws_secret_access_key = ${login.secretAccessKey}\n`
      writeFileSync(join(folder, 'credentials'), `[ops]\n${key}[base]\n${key}`)
    })
    afterEach(() => {
      restore()
      rmSync(folder, { recursive: true })
    })

    const config = (text: string) =>
      writeFileSync(join(folder, 'config'), `[profile nowhere]\nendpoint_url = http://127.0.0.1:9\n${text}`)
    const own = { AWS_ENDPOINT_URL: '', AWS_REGION: '', AWS_PROFILE: 'nowhere' }

    it('is reached there: endpoint_url, or the services section before it, and in its region', async () => {
      config(`[profile ops]\nregion = eu-west-1\nendpoint_url = ${fake.url}\n`)
      await roundTrip('awskms://alias/app?profile=ops', own)
      config(
        `[profile ops]\nregion = eu-west-1\nservices = local\nendpoint_url = http://127.0.0.1:9\n[services local]\nkms =\n  endpoint_url = ${fake.url}\n`,
      )
      await roundTrip('awskms://alias/app?profile=ops', own)
      expect(parseSignature(fake.requests.at(-1)!)!.accessKeyId).to.equal(login.accessKeyId)
    })

    it('is reached at the endpoint of the URL or of a variable first', async () => {
      config('[profile ops]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:9\n')
      await roundTrip('awskms://alias/app?profile=ops', { ...own, AWS_ENDPOINT_URL_KMS: fake.url })
      const host = { ESC_KEY_HOSTS: new URL(fake.url).host }
      await roundTrip(`awskms://alias/app?profile=ops&endpoint=${encodeURIComponent(fake.url)}`, { ...own, ...host })
    })

    it('assumes the role of the profile, and the role of the URL, there as well', async () => {
      const role = 'arn:aws:iam::123456789012:role/esc'
      fake.roles.set(role, ['kms:Encrypt', 'kms:Decrypt'])
      config(
        `[profile base]\nregion = eu-west-1\n[profile ops]\nrole_arn = ${role}\nsource_profile = base\nregion = eu-west-1\nendpoint_url = ${fake.url}\n[profile plain]\nregion = eu-west-1\nendpoint_url = ${fake.url}\n`,
      )
      writeFileSync(
        join(folder, 'credentials'),
        ['base', 'plain']
          .map(
            (name) =>
              `[${name}]\naws_access_key_id = ${login.accessKeyId}\naws_secret_access_key = ${login.secretAccessKey}\n`,
          )
          .join(''),
      )
      await roundTrip('awskms://alias/app?profile=ops', own)
      expect(fake.requests.at(-1)!.headers['x-amz-security-token']).to.equal(fake.logins.at(-1)!.sessionToken)
      await roundTrip(`awskms://alias/app?profile=plain&role=${role}`, own)
    })

    it('says which services section is missing', async () => {
      config('[profile ops]\nregion = eu-west-1\nservices = gone\n')
      const error = await errorOf(() => roundTrip('awskms://alias/app?profile=ops', own))
      expect(error.message).to.contain("AWS profile 'ops' names the services section 'gone'")
      expect(error.code).to.equal('key_unavailable')
    })
  })

  it('says what is missing where there are no credentials, or no region', async () => {
    const restore = setProcessEnv({
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
      AWS_CONFIG_FILE: '/nowhere',
    })
    try {
      const nobody = { AWS_ACCESS_KEY_ID: '' }
      const credentials = await errorOf(() => roundTrip('awskms://alias/app?region=eu-west-1', nobody))
      expect(credentials.message).to.contain('no credentials: AWS credentials were not found')
      expect(credentials.hint).to.contain('AWS_PROFILE')
      const profile = await errorOf(() => roundTrip('awskms://alias/app?region=eu-west-1&profile=none'))
      expect(profile.code).to.equal('key_unavailable')
      const region = await errorOf(() => roundTrip('awskms://alias/app', { AWS_REGION: '' }))
      expect(region.message).to.contain('no region')
      expect(region.hint).to.contain('?region=')
    } finally {
      restore()
    }
  })

  it('is asked without a signature where the URL says so', async () => {
    const error = await errorOf(() => roundTrip('awskms://alias/app?region=eu-west-1&anonymous=true'))
    expect(error.message).to.contain('MissingAuthenticationTokenException')
    expect(fake.requests.at(-1)!.headers.authorization).to.equal(undefined)
  })

  it('prints nothing while it is used', async () => {
    const { error, warn } = console
    const printed: unknown[] = []
    console.error = console.warn = (...text) => void printed.push(text)
    const { emitWarning } = process
    process.emitWarning = (...warning: unknown[]) => void printed.push(warning)
    try {
      await roundTrip('awskms://alias/app?region=eu-west-1')
    } finally {
      Object.assign(console, { error, warn })
      process.emitWarning = emitWarning
    }
    expect(printed).to.deep.equal([])
  })
})

/** For what the SDK itself reads. Returns what undoes it. */
function setProcessEnv(values: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const)
  Object.assign(process.env, values)
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}
