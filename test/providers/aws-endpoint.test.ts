import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { awsEndpoint, partitionOf } from '../../src/providers/aws-endpoint.ts'

describe('where a service of AWS is', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'esc-aws-'))
    writeFileSync(
      join(folder, 'config'),
      `# ours
[default]
region = eu-west-1
[profile plain]
region=us-west-2 ; near
use_fips_endpoint = true
[profile local]
region = us-east-2
endpoint_url = http://127.0.0.1:4566/
services = stubs
[services stubs]
sts =
  endpoint_url = http://127.0.0.1:5000
s3 =
  addressing_style = path
`,
    )
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const url = (env: Record<string, string> = {}, roleArn = 'arn:aws:iam::1:role/x') =>
    awsEndpoint('sts', { partition: partitionOf(roleArn) }, { AWS_CONFIG_FILE: join(folder, 'config'), ...env }).url
  const nowhere = { AWS_CONFIG_FILE: '/nonexistent/config' }

  it('is in the region of the variables, the profile or the partition', () => {
    expect(url()).to.equal('https://sts.eu-west-1.amazonaws.com')
    expect(url({ AWS_REGION: 'ap-south-1', AWS_DEFAULT_REGION: 'x' })).to.equal('https://sts.ap-south-1.amazonaws.com')
    expect(url({ AWS_DEFAULT_REGION: 'ap-south-1' })).to.equal('https://sts.ap-south-1.amazonaws.com')
    expect(url({ AWS_PROFILE: 'local', AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' })).to.equal(
      'https://sts.us-east-2.amazonaws.com',
    )
    expect(url(nowhere)).to.equal('https://sts.us-east-1.amazonaws.com')
  })

  it('is in the partition of the role, whatever the region', () => {
    expect(url({}, 'arn:aws-cn:iam::1:role/x')).to.equal('https://sts.cn-north-1.amazonaws.com.cn')
    expect(url({ AWS_REGION: 'cn-northwest-1' }, 'arn:aws-cn:iam::1:role/x')).to.equal(
      'https://sts.cn-northwest-1.amazonaws.com.cn',
    )
    expect(url({ AWS_REGION: 'cn-north-1' })).to.equal('https://sts.us-east-1.amazonaws.com')
    expect(url({ AWS_USE_FIPS_ENDPOINT: 'true' }, 'arn:aws-us-gov:iam::1:role/x')).to.equal(
      'https://sts.us-gov-west-1.amazonaws.com',
    )
  })

  it('is validated or reached by IPv6 where that is wanted', () => {
    expect(url({ AWS_PROFILE: 'plain' })).to.equal('https://sts-fips.us-west-2.amazonaws.com')
    expect(url({ AWS_USE_DUALSTACK_ENDPOINT: 'true' })).to.equal('https://sts.eu-west-1.api.aws')
    expect(url({ AWS_PROFILE: 'plain', AWS_USE_DUALSTACK_ENDPOINT: 'true' })).to.equal(
      'https://sts-fips.us-west-2.api.aws',
    )
    const env = { ...nowhere, AWS_USE_DUALSTACK_ENDPOINT: 'true' }
    expect(awsEndpoint('s3', { region: 'eu-west-1' }, env).url).to.equal('https://s3.dualstack.eu-west-1.amazonaws.com')
  })

  it('is what is configured, the most special first', () => {
    expect(url({ AWS_PROFILE: 'local' })).to.equal('http://127.0.0.1:5000')
    const env = { AWS_CONFIG_FILE: join(folder, 'config'), AWS_PROFILE: 'local' }
    expect(awsEndpoint('s3', {}, env)).to.deep.equal({
      url: 'http://127.0.0.1:4566',
      region: 'us-east-2',
      isAws: false,
    })
    const both = { AWS_PROFILE: 'local', AWS_ENDPOINT_URL: 'http://all', AWS_ENDPOINT_URL_STS: 'http://sts/' }
    expect(url(both)).to.equal('http://sts')
    expect(url({ ...both, AWS_ENDPOINT_URL_STS: '' })).to.equal('http://all')
    expect(url({ ...both, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'TRUE' })).to.equal(
      'https://sts.us-east-2.amazonaws.com',
    )
  })

  it('is the host that the libraries of AWS call, for each service that we call', () => {
    const rows = readFileSync(new URL('./aws-hosts.tsv', import.meta.url), 'utf8')
      .trim()
      .split('\n')
    // China has no validated hosts.
    expect(rows.length).to.be.greaterThan(190)
    for (const row of rows) {
      const [service = '', region, flags = '', host] = row.split('\t')
      const env = {
        ...nowhere,
        AWS_USE_FIPS_ENDPOINT: String(flags.includes('fips')),
        AWS_USE_DUALSTACK_ENDPOINT: String(flags.includes('dualstack')),
      }
      expect(awsEndpoint(service, { region }, env).url, row).to.equal(`https://${host}`)
    }
  })

  it('goes by the names that AWS has for services in variables', () => {
    const env = { ...nowhere, AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://secrets', AWS_ENDPOINT_URL_SSM: 'http://ssm' }
    expect(awsEndpoint('secretsmanager', {}, env).url).to.equal('http://secrets')
    expect(awsEndpoint('ssm', {}, env).url).to.equal('http://ssm')
    expect(awsEndpoint('s3', {}, env).isAws).to.equal(true)
  })

  it('is not a host that a region could name', () => {
    for (const region of ['evil.example/', 'a@b', '', '-a'])
      expect(() => awsEndpoint('s3', { region }, nowhere), region).to.throw('not a region of AWS')
  })
})
