import { expect } from 'chai'
import { EscError } from '../../src/errors.ts'
import { loadProvider, providerNames } from '../../src/providers/index.ts'
import { secret } from '../../src/secret.ts'

const context = { now: () => new Date(), signal: new AbortController().signal }

async function failure(promise: Promise<unknown>): Promise<EscError> {
  try {
    await promise
  } catch (error) {
    expect(error).to.be.instanceOf(EscError)
    return error as EscError
  }
  throw new Error('expected a failure')
}

describe('aws-login', () => {
  it('hands static credentials on', async () => {
    const login = await loadProvider('aws-login')
    const short = { accessKeyId: 'AKIAX', secretAccessKey: secret('s') }
    expect(await login.open({ static: short }, context)).to.deep.equal(short)
    const long = { ...short, sessionToken: secret('t') }
    expect(await login.open({ static: long }, context)).to.deep.equal(long)
    expect(JSON.stringify(await login.open({ static: long }, context))).to.not.match(/"[st]"/)
  })

  it('says that oidc needs a store', async () => {
    const login = await loadProvider('aws-login')
    const oidc = { roleArn: 'arn:aws:iam::123456789012:role/x', sessionName: 'esc' }
    const error = await failure(login.open({ oidc }, context))
    expect(error).to.have.property('code', 'provider_failed')
    expect(error.message).to.include('identity token of a store')
    expect(error.hint).to.include('static')
  })
})

describe('loadProvider', () => {
  it('loads each provider under its own name', async () => {
    for (const name of providerNames) expect(await loadProvider(name)).to.have.property('name', name)
  })

  it('suggests the name that was meant', async () => {
    const error = await failure(loadProvider('aws-logn'))
    expect(error).to.include({
      code: 'not_found',
      message: 'unknown provider "aws-logn"',
      hint: `did you mean "aws-login"? there are ${providerNames.join(', ')}; plugins can add more (\`plugins\` in esc.yaml)`,
    })
  })
})
