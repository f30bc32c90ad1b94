import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { CreateRoleCommand, CreateUserCommand, IAMClient, ListAccessKeysCommand } from '@aws-sdk/client-iam'
import { expect } from 'chai'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { skipWithout } from '../servers/binary.ts'
import { type MotoServer, missingMoto, motoPackages, startMoto } from '../servers/moto.ts'
import { Program } from './program.ts'

const page = readFileSync(new URL('../../docs/oidc.md', import.meta.url), 'utf8')
const issuer = 'https://esc.example.org'
const subject = 'pulumi:environments:pulumi.organization.login:acme:currentEnvironment.name:logins/production'

/** The definition that the page shows for an environment. */
function documented(name: string): string {
  const text = new RegExp(`\`\`\`yaml\n(# ${name}\n[\\s\\S]*?)\`\`\``).exec(page)?.[1]
  if (text === undefined) throw new Error(`docs/oidc.md shows no ${name}`)
  return text
}

/**
 * Moto takes any token for a role. So an STS stands before it that does as AWS: the token is
 * verified by an independent library, with the keys that were published, and its audience and
 * subject are those that the role trusts.
 */
class VerifyingSts {
  readonly #moto: string
  readonly #site: string
  readonly #server: Server
  readonly subjects: string[] = []

  constructor(moto: string, site: string) {
    this.#moto = moto
    this.#site = site
    this.#server = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      const form = new URLSearchParams(body)
      const refused =
        form.get('Action') === 'AssumeRoleWithWebIdentity'
          ? await this.#refusal(form.get('WebIdentityToken') ?? '')
          : undefined
      if (refused !== undefined) {
        const error = `<Error><Code>InvalidIdentityToken</Code><Message>${refused}</Message></Error>`
        response.writeHead(400).end(`<ErrorResponse>${error}</ErrorResponse>`)
        return
      }
      const headers = { ...(request.headers as Record<string, string>) }
      for (const name of ['host', 'connection', 'content-length', 'transfer-encoding', 'expect']) delete headers[name]
      const answer = await fetch(`${this.#moto}${request.url}`, { method: 'POST', headers, body })
      response.writeHead(answer.status, { 'content-type': 'text/xml' }).end(await answer.text())
    })
  }

  async #refusal(token: string): Promise<string | undefined> {
    try {
      const keys = JSON.parse(readFileSync(join(this.#site, '.well-known/jwks.json'), 'utf8'))
      const { payload } = await jwtVerify(token, createLocalJWKSet(keys), { issuer, audience: 'aws:acme', subject })
      this.subjects.push(payload.sub ?? '')
      return undefined
    } catch (error) {
      return (error as { readonly code: string }).code
    }
  }

  start(): Promise<string> {
    return new Promise((done) =>
      this.#server.listen(0, '127.0.0.1', () =>
        done(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`),
      ),
    )
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

describe('the first rotation of docs/oidc.md, by the built program against moto', function () {
  this.timeout(120_000)
  let moto: MotoServer
  let sts: VerifyingSts
  let client: IAMClient
  let program: Program

  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    skipWithout(this, missingMoto(), motoPackages)
    moto = await startMoto()
    const credentials = { accessKeyId: 'AKIAEXAMPLE000000000', secretAccessKey: 'example' }
    client = new IAMClient({ endpoint: moto.url, region: 'us-east-1', credentials })
    await client.send(new CreateUserCommand({ UserName: 'app' }))
    await client.send(new CreateRoleCommand({ RoleName: 'esc-oidc', AssumeRolePolicyDocument: '{}' }))
    program = new Program()
    sts = new VerifyingSts(moto.url, join(program.folder, 'site'))
    Object.assign(program.env, { AWS_ENDPOINT_URL_IAM: moto.url, AWS_ENDPOINT_URL_STS: await sts.start() })
    return undefined
  })
  after(async () => {
    program?.remove()
    client?.destroy()
    sts?.stop()
    await moto?.stop()
  })

  const esc = async (...words: readonly string[]) => {
    const { code, out, err } = await program.esc(words)
    expect(code, `esc ${words.join(' ')}: ${err}`).to.equal(0)
    return out
  }

  it('logs in with a token of the published issuer, and rotates', async () => {
    await esc('init', '--organization', 'acme')
    await esc('oidc', 'init', '--issuer', issuer)
    expect(await esc('oidc', 'publish', 'site')).to.include(`${issuer}/.well-known/openid-configuration`)
    for (const name of ['logins/production', 'rotators/key-rotator']) {
      const file = join(program.folder, 'definition.yaml')
      mkdirSync(program.folder, { recursive: true })
      writeFileSync(file, documented(name))
      await esc('env', 'init', name, '--file', file)
    }
    for (let round = 0; round < 2; round++) await esc('env', 'rotate', 'rotators/key-rotator', '--yes')
    const { iam } = JSON.parse(await esc('env', 'open', 'rotators/key-rotator'))
    const { AccessKeyMetadata = [] } = await client.send(new ListAccessKeysCommand({ UserName: 'app' }))
    expect(AccessKeyMetadata.map(({ AccessKeyId }) => AccessKeyId)).to.have.members([
      iam.current.accessKeyId,
      iam.previous.accessKeyId,
    ])
    expect(new Set(sts.subjects)).to.deep.equal(new Set([subject]))
  })

  it('says what is wrong when the role does not trust the token', async () => {
    await esc('oidc', 'rotate-key')
    const { code, err } = await program.esc(['env', 'open', 'logins/production'])
    expect(code).to.equal(1)
    expect(err).to.include('InvalidIdentityToken: ERR_JWKS_NO_MATCHING_KEY').and.not.include('eyJ')
    await esc('oidc', 'publish', 'site')
    await esc('env', 'open', 'logins/production')
  })
})
