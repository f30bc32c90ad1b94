import { expect } from 'chai'
import nock from 'nock'
import { awsIamRotator } from '../../../src/rotators/issued/aws-iam/index.ts'
import { secret } from '../../../src/secret.ts'
import { testContext } from '../test-context.ts'

const login = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: secret('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'),
}

const identity = (account: string) =>
  `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::${account}:user/m</Arn><UserId>U</UserId><Account>${account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
const noKeys =
  '<ListAccessKeysResponse><ListAccessKeysResult><AccessKeyMetadata/><IsTruncated>false</IsTruncated></ListAccessKeysResult></ListAccessKeysResponse>'
const user = (arn: string) =>
  `<GetUserResponse><GetUserResult><User><Arn>${arn}</Arn><UserName>app</UserName><UserId>U</UserId><Path>/</Path><CreateDate>2026-01-01T00:00:00Z</CreateDate></User></GetUserResult></GetUserResponse>`

// With AWS_ENDPOINT_URL_IAM set the SDK asks no rules of its own, so what a real account sees is
// watched here instead.
describe('aws-iam without an endpoint of its own', () => {
  const saved = { iam: process.env.AWS_ENDPOINT_URL_IAM, sts: process.env.AWS_ENDPOINT_URL_STS }

  before(() => {
    delete process.env.AWS_ENDPOINT_URL_IAM
    delete process.env.AWS_ENDPOINT_URL_STS
    nock.disableNetConnect()
  })
  after(() => {
    nock.enableNetConnect()
    nock.restore()
    if (saved.iam !== undefined) process.env.AWS_ENDPOINT_URL_IAM = saved.iam
    if (saved.sts !== undefined) process.env.AWS_ENDPOINT_URL_STS = saved.sts
  })
  afterEach(() => nock.cleanAll())

  const places: [string, string | undefined, string, string, string, string][] = [
    ['aws', 'eu-west-1', 'https://iam.amazonaws.com', 'us-east-1', 'https://sts.eu-west-1.amazonaws.com', 'eu-west-1'],
    ['aws', undefined, 'https://iam.amazonaws.com', 'us-east-1', 'https://sts.us-east-1.amazonaws.com', 'us-east-1'],
    [
      'aws-cn',
      undefined,
      'https://iam.cn-north-1.amazonaws.com.cn',
      'cn-north-1',
      'https://sts.cn-north-1.amazonaws.com.cn',
      'cn-north-1',
    ],
    [
      'aws-us-gov',
      undefined,
      'https://iam.us-gov.amazonaws.com',
      'us-gov-west-1',
      'https://sts.us-gov-west-1.amazonaws.com',
      'us-gov-west-1',
    ],
  ]
  for (const [partition, region, iamHost, iamRegion, stsHost, stsRegion] of places) {
    it(`asks the endpoints of ${partition}, region ${region ?? 'not given'}, and signs for their regions`, async () => {
      const userArn = `arn:${partition}:iam::123456789012:user/app`
      const scopes: Record<string, string[]> = { iam: [], sts: [] }
      const scopeOf = (service: 'iam' | 'sts', authorization: string) => {
        scopes[service]?.push(/Credential=[^/]+\/\d+\/([^/]+)\//.exec(authorization)?.[1] ?? authorization)
      }
      nock(iamHost)
        .post('/')
        .times(2)
        .reply(function (_uri, body) {
          scopeOf('iam', String(this.req.headers.authorization))
          const action = new URLSearchParams(typeof body === 'string' ? body : (body as Record<string, string>)).get(
            'Action',
          )
          return [200, action === 'GetUser' ? user(userArn) : noKeys, { 'content-type': 'text/xml' }]
        })
      nock(stsHost)
        .post('/')
        .reply(function () {
          scopeOf('sts', String(this.req.headers.authorization))
          return [200, identity('123456789012'), { 'content-type': 'text/xml' }]
        })
      const inputs = { userArn, login, ...(region && { region }) }
      const plan = await awsIamRotator().plan({ inputs, state: undefined }, testContext())
      expect(plan.steps[0]).to.deep.equal({ action: 'create', what: 'access key of user app' })
      expect(scopes).to.deep.equal({ iam: [iamRegion, iamRegion], sts: [stsRegion] })
      expect(nock.pendingMocks()).to.deep.equal([])
    })
  }
})
