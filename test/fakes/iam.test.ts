import { expect } from 'chai'
import { connectIam } from '../../src/rotators/issued/aws-iam/remote.ts'
import { secret } from '../../src/secret.ts'
import { loginOf, startAwsAccount, userArn } from '../rotators/issued/aws-account.ts'
import { startIamServer } from './iam-server.ts'

// The fake must refuse what AWS refuses, or the rotator's tests prove little.
describe('the fake IAM', () => {
  it('refuses a wrong secret, an unknown key and an inactive one', async () => {
    const account = await startAwsAccount()
    const codeOf = async (login: ReturnType<typeof loginOf>) => {
      const remote = await connectIam(login, 'us-east-1')
      try {
        return (await remote.getCallerIdentity()).arn
      } catch (error) {
        return (error as { vendorCode?: string }).vendorCode
      } finally {
        remote.close()
      }
    }
    const login = loginOf(account.managerKey)
    expect(await codeOf(login)).to.equal(account.manager.arn)
    expect(await codeOf({ ...login, secretAccessKey: secret('x') })).to.equal('SignatureDoesNotMatch')
    expect(await codeOf({ ...login, accessKeyId: 'AKIANOBODY0000000000' })).to.equal('InvalidClientTokenId')
    expect(await codeOf({ ...login, sessionToken: secret('x') })).to.equal('InvalidClientTokenId')
    account.managerKey.status = 'Inactive'
    expect(await codeOf(login)).to.equal('InvalidClientTokenId')
    await account.stop()
  })

  it('refuses a changed body, a stale date and another service', async () => {
    const account = await startAwsAccount()
    const { iam } = account
    const genuine = await capture(iam.url, loginOf(account.managerKey))
    const send = async (headers: Record<string, string>, body: string) => {
      const answer = await fetch(iam.url, { method: 'POST', headers, body })
      return /<Code>(.*?)<\/Code>/.exec(await answer.text())?.[1] ?? answer.status
    }
    expect(await send(genuine.headers, genuine.body)).to.equal(200)
    expect(await send(genuine.headers, `${genuine.body}&UserName=admin`)).to.equal('SignatureDoesNotMatch')
    expect(await send(genuine.headers, genuine.body.replace(/GetCallerIdentity/, 'ListAccessKeys'))).to.equal(
      'SignatureDoesNotMatch',
    )
    const { authorization, ...unsigned } = genuine.headers
    expect(authorization).to.be.a('string')
    expect(await send(unsigned, genuine.body)).to.equal('MissingAuthenticationToken')
    iam.clockOffsetMs = 6 * 60_000
    expect(await send(genuine.headers, genuine.body)).to.equal('SignatureDoesNotMatch')
    await account.stop()
  })

  it('runs in a process of its own, and cuts connections as told', async () => {
    const server = await startIamServer({ users: [{ arn: userArn, allowed: ['*'], keys: 1 }] })
    try {
      const before = { ...process.env }
      Object.assign(process.env, server.env)
      const [key] = (await server.state()).users[0]!.keys
      const remote = await connectIam(loginOf(key!), 'us-east-1')
      await server.addRule({ action: 'CreateAccessKey', when: 'after', effect: 'drop' })
      expect(await remote.createAccessKey('app').catch((error) => error.refused)).to.equal(false)
      remote.close()
      process.env = before
      const state = await server.state()
      expect(state.users[0]!.keys).to.have.length(2)
      expect(state.reached).to.have.length(1)
      expect(state.calls.at(-1)).to.include({ action: 'CreateAccessKey', outcome: 'dropped' })
      await server.removeKey(userArn, state.users[0]!.keys[1]!.accessKeyId)
      expect((await server.addKey(userArn)).accessKeyId).to.match(/^AKIA[A-Z2-7]{16}$/)
    } finally {
      await server.stop()
    }
  })
})

/** A request the SDK signed for the fake, to be sent again by hand. */
async function capture(url: string, login: ReturnType<typeof loginOf>) {
  const { createServer } = await import('node:http')
  const host = new URL(url).host
  let taken: { headers: Record<string, string>; body: string } | undefined
  const recorder = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    taken = { headers: request.headers as Record<string, string>, body }
    response.writeHead(400).end()
  })
  await new Promise<void>((resolve) => recorder.listen(0, '127.0.0.1', resolve))
  const { GetCallerIdentityCommand, STSClient } = await import('../../src/vendor/aws.ts')
  const { port } = recorder.address() as { port: number }
  const client = new STSClient({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${port}`,
    maxAttempts: 1,
    credentials: { accessKeyId: login.accessKeyId, secretAccessKey: login.secretAccessKey.reveal() },
  })
  // Signed for the fake's own address, sent to the recorder.
  client.middlewareStack.add(
    (next) => (args) => {
      ;(args.request as { headers: Record<string, string> }).headers.host = host
      return next(args)
    },
    { step: 'build', priority: 'low', name: 'otherHost' },
  )
  await client.send(new GetCallerIdentityCommand({})).catch(() => {})
  client.destroy()
  await new Promise((resolve) => recorder.close(resolve))
  const { connection: _c, 'content-length': _l, expect: _e, ...headers } = taken!.headers
  return { headers, body: taken!.body }
}
