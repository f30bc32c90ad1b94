import { expect } from 'chai'
import { awsParameterStoreProvider } from '../../src/providers/aws-parameter-store.ts'
import { awsSecretsProvider } from '../../src/providers/aws-secrets.ts'
import type { ProviderContext } from '../../src/providers/index.ts'
import { type Secret, secret } from '../../src/secret.ts'
import { skipWithout } from '../servers/binary.ts'
import { type MotoServer, missingMoto, motoPackages, startMoto } from '../servers/moto.ts'

const region = 'eu-west-1'

describe('aws-secrets and aws-parameter-store against moto, with signatures and policies enforced', () => {
  let server: MotoServer
  let login: { accessKeyId: string; secretAccessKey: Secret<string> }
  const warnings: string[] = []
  const context = (): ProviderContext => ({
    now: () => new Date(),
    signal: new AbortController().signal,
    env: { AWS_ENDPOINT_URL: server.url },
    warn: (text) => void warnings.push(text),
  })

  before(async function () {
    this.timeout(60_000)
    skipWithout(this, missingMoto(), motoPackages)
    server = await startMoto()
    await iam({ Action: 'CreateUser', UserName: 'reader' })
    const statement = { Effect: 'Allow', Action: ['secretsmanager:GetSecretValue', 'ssm:GetParameter'], Resource: '*' }
    const policy = { Version: '2012-10-17', Statement: [statement] }
    await iam({ Action: 'PutUserPolicy', UserName: 'reader', PolicyName: 'x', PolicyDocument: JSON.stringify(policy) })
    login = await accessKey('reader')
    await call('secretsmanager', 'secretsmanager.CreateSecret', { Name: 'prod/db', SecretString: 'one' })
    await call('secretsmanager', 'secretsmanager.PutSecretValue', { SecretId: 'prod/db', SecretString: 'two' })
    await call('secretsmanager', 'secretsmanager.CreateSecret', { Name: 'prod/key', SecretBinary: 'AAEC/w==' })
    await call('ssm', 'AmazonSSM.PutParameter', { Name: '/app/url', Value: 'https://a', Type: 'String' })
    await call('ssm', 'AmazonSSM.PutParameter', { Name: '/app/zones', Value: 'a,b', Type: 'StringList' })
    await call('ssm', 'AmazonSSM.PutParameter', { Name: '/app/pw', Value: 'hush', Type: 'SecureString' })
    await call('ssm', 'AmazonSSM.PutParameter', {
      Name: '/app/url',
      Value: 'https://b',
      Type: 'String',
      Overwrite: true,
    })
    const { status } = await fetch(`${server.url}/moto-api/reset-auth`, { method: 'POST', body: '0' })
    expect(status).to.equal(200)
  })
  after(() => server?.stop())

  async function iam(form: Record<string, string>): Promise<string> {
    const answer = await fetch(server.url, {
      method: 'POST',
      headers: { authorization: unsigned('iam') },
      body: new URLSearchParams({ Version: '2010-05-08', ...form }),
    })
    const text = await answer.text()
    expect(answer.status, text).to.equal(200)
    return text
  }

  async function accessKey(user: string) {
    const xml = await iam({ Action: 'CreateAccessKey', UserName: user })
    const text = (name: string) => new RegExp(`<${name}>(.*?)</${name}>`).exec(xml)?.[1] ?? ''
    return { accessKeyId: text('AccessKeyId'), secretAccessKey: secret(text('SecretAccessKey')) }
  }

  async function call(service: string, target: string, body: object): Promise<void> {
    const headers = {
      authorization: unsigned(service),
      'x-amz-target': target,
      'content-type': 'application/x-amz-json-1.1',
    }
    const answer = await fetch(server.url, { method: 'POST', headers, body: JSON.stringify(body) })
    expect(answer.status, await answer.text()).to.equal(200)
  }

  const unsigned = (service: string) =>
    `AWS4-HMAC-SHA256 Credential=x/20260101/${service === 'iam' ? 'us-east-1' : region}/${service}/aws4_request, SignedHeaders=host, Signature=x`

  const secrets = async (get: Record<string, { secretId: string; versionStage?: string }>, as = login) =>
    (await awsSecretsProvider().open({ region, login: as, get }, context())) as Record<string, Secret>
  const parameters = async (get: Record<string, { name: string; decrypt?: boolean }>) =>
    (await awsParameterStoreProvider().open({ region, login, get }, context())) as Record<string, Secret>
  const message = (work: Promise<unknown>) =>
    work.then(
      () => 'it succeeded',
      (error: Error) => error.message,
    )

  it('reads secrets: the present one, the one before, and bytes in base64 with a warning', async () => {
    const values = await secrets({
      db: { secretId: 'prod/db' },
      before: { secretId: 'prod/db', versionStage: 'AWSPREVIOUS' },
      key: { secretId: 'prod/key' },
    })
    expect([values.db?.reveal(), values.before?.reveal(), values.key?.reveal()]).to.deep.equal([
      'two',
      'one',
      'AAEC/w==',
    ])
    expect(warnings.splice(0)).to.deep.equal(['aws-secrets: `get.key`: prod/key is binary, so it is given in base64'])
  })

  it('reads parameters of each type, and a version of one', async () => {
    const values = await parameters({
      url: { name: '/app/url' },
      first: { name: '/app/url:1' },
      zones: { name: '/app/zones' },
      pw: { name: '/app/pw', decrypt: true },
    })
    expect(Object.values(values).map((each) => each.reveal())).to.deep.equal([
      'https://b',
      'https://a',
      ['a', 'b'],
      'hush',
    ])
    expect(warnings).to.deep.equal([])
    expect((await parameters({ pw: { name: '/app/pw' } })).pw?.reveal()).not.to.equal('hush')
    expect(warnings.splice(0)).to.match(/is encrypted/)
  })

  it('is refused with a wrong key, without a policy, and for what is not there', async () => {
    const wrong = secrets({ db: { secretId: 'prod/db' } }, { ...login, secretAccessKey: secret('wrong') })
    expect(await message(wrong)).to.match(/GetSecretValue of prod\/db in eu-west-1 failed: SignatureDoesNotMatch/)
    expect(await message(secrets({ x: { secretId: 'prod/nothing' } }))).to.match(
      /`get\.x`: .*ResourceNotFoundException/,
    )
    expect(await message(parameters({ x: { name: '/nothing' } }))).to.match(/`get\.x`: .*ParameterNotFound/)
    expect(await message(parameters({ x: { name: '/app/url:9' } }))).to.match(/Parameter(Version)?NotFound/)
  })
})
