import { spawn } from 'node:child_process'
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { parse } from 'yaml'
import { ended, Program } from './end-to-end/program.ts'
import { readRunnerFile } from './readers/runner-file.ts'
import { RunningServer } from './server/running-server.ts'
import { repositoryRoot } from './sources.ts'

const action = join(repositoryRoot, 'integrations', 'github-action')
const template = join(repositoryRoot, 'integrations', 'gitlab', 'esc.yml')
const CANARY = 'canary one\ncanary two'
const ISSUER = 'https://token.actions.githubusercontent.com'

describe('what integrations/ has for jobs of CI systems', function () {
  this.timeout(120_000)
  let program: Program
  let server: RunningServer | undefined
  let runner: Server | undefined
  beforeEach(async function () {
    if (!Program.isBuilt()) return this.skip()
    program = new Program()
    await program.ok('init', '--organization', 'acme')
    await program.withEnvironment(
      'app/ci',
      `values: {environmentVariables: {REGION: eu-west-1, TOKEN: {fn::secret: ${JSON.stringify(CANARY)}}}}\n`,
    )
    mkdirSync(join(program.folder, 'bin'))
    const esc = join(program.folder, 'bin', 'esc')
    writeFileSync(esc, `#!/bin/sh\nexec '${process.execPath}' '${Program.path}' "$@"\n`)
    chmodSync(esc, 0o755)
  })
  afterEach(async () => {
    await server?.stop()
    runner?.close()
    program?.remove()
    server = runner = undefined
  })

  const path = (name: string) => join(program.folder, name)
  const pathVariable = () => `${path('bin')}:${process.env.PATH}`

  /** Runs the action as the runner does: inputs are variables, and files take what it sets. */
  const act = (inputs: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) => {
    const { main } = parse(readFileSync(join(action, 'action.yml'), 'utf8')).runs
    const given = Object.entries({ version: '', to: 'env', ...inputs })
    const child = spawn(process.execPath, [join(action, main)], {
      cwd: program.folder,
      env: {
        ...(program.env as Record<string, string>),
        PATH: pathVariable(),
        RUNNER_TEMP: path('tmp'),
        GITHUB_ENV: path('env'),
        GITHUB_OUTPUT: path('output'),
        GITHUB_PATH: path('path'),
        ...Object.fromEntries(given.map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return ended(child)
  }

  /** A server of the store that trusts an issuer, and who signs for that issuer. */
  const serve = async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256')
    const keys = { keys: [{ ...(await exportJWK(publicKey)), alg: 'RS256', kid: 'one' }] }
    const issuers = [{ url: ISSUER, subjects: ['repo:acme/web:*'], user: 'ci', environments: ['app/*'], keys }]
    appendFileSync(join(program.store, 'esc.yaml'), `server: ${JSON.stringify({ issuers })}\n`)
    program.env.ESC_TRUST = JSON.parse(await program.ok('trust', 'show', '--output', 'json')).digest
    server = await RunningServer.start(program)
    return (aud: string, sub: string) =>
      new SignJWT({ aud, sub })
        .setProtectedHeader({ alg: 'RS256', kid: 'one' })
        .setIssuer(ISSUER)
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey)
  }

  it('the action sets variables and outputs, and shows no secret but to have it masked', async () => {
    const { code, out, err } = await act({ environment: 'app/ci', to: 'both' })
    expect(code, out + err).to.equal(0)
    expect(readRunnerFile(readFileSync(path('env'), 'utf8'))).to.deep.equal({ REGION: 'eu-west-1', TOKEN: CANARY })
    expect(readRunnerFile(readFileSync(path('output'), 'utf8')).TOKEN).to.equal(CANARY)
    const masked = out.split('\n').filter((line) => line.startsWith('::add-mask::'))
    expect(masked).to.include.members(['::add-mask::canary one', '::add-mask::canary two'])
    expect(out.split('\n').filter((line) => line.includes('canary'))).to.deep.equal(
      masked.filter((line) => line.includes('canary')),
    )
    expect(err).to.not.include('canary')
  })

  it('the action takes a passphrase as an input, masks it, and fails without one', async () => {
    const env = { ESC_PASSPHRASE: 'a long canary-passphrase' }
    expect((await program.esc(['env', 'init', 'app/own', '--secrets-provider', 'passphrase'], env)).code).to.equal(0)
    expect(
      (await program.esc(['env', 'set', 'app/own', 'environmentVariables.A', 'own', '--secret'], env)).code,
    ).to.equal(0)
    const ran = await act({ environment: 'app/own', passphrase: env.ESC_PASSPHRASE })
    expect(ran.code, ran.out + ran.err).to.equal(0)
    expect(ran.out.split('\n')[0]).to.equal(`::add-mask::${env.ESC_PASSPHRASE}`)
    expect(readRunnerFile(readFileSync(path('env'), 'utf8'))).to.deep.equal({ A: 'own' })
    const without = await act({ environment: 'app/own' })
    expect([without.code, without.err.includes('needs a passphrase')]).to.deep.equal([1, true])
    const nothing = await act({})
    expect([nothing.code, nothing.out]).to.deep.equal([1, '::error::environment: name the environment to open\n'])
  })

  it("the action exchanges the job's identity token at a server, and is refused for another subject", async () => {
    const sign = await serve()
    let sub = 'repo:acme/web:ref:refs/heads/main'
    runner = createServer(async (request, response) => {
      const url = new URL(request.url ?? '', 'http://runner')
      const ok = request.headers.authorization === 'Bearer of-the-job' && url.searchParams.get('api-version') === '2.0'
      if (!ok) return response.writeHead(401).end('{}')
      return response.end(JSON.stringify({ value: await sign(url.searchParams.get('audience') ?? '', sub) }))
    })
    await new Promise<void>((done) => runner?.listen(0, '127.0.0.1', done))
    const { port } = runner.address() as AddressInfo
    const inputs = { environment: 'acme/app/ci', 'server-url': server?.url ?? '', organization: 'acme' }
    const env = {
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of-the-job',
      // A machine that has neither the store nor its key.
      ESC_CONFIG_HOME: path('elsewhere'),
    }
    const ran = await act(inputs, env)
    expect(ran.code, ran.out + ran.err).to.equal(0)
    expect(readRunnerFile(readFileSync(path('env'), 'utf8')).TOKEN).to.equal(CANARY)
    sub = 'repo:acme/other:ref:refs/heads/main'
    const refused = await act(inputs, env)
    expect(refused.code).to.equal(1)
    expect(refused.out).to.match(/^::error::an access token was refused by http/m)
    const none = await act(inputs)
    expect(none.out).to.include('permissions: {id-token: write}')
    const plain = await act({ ...inputs, 'server-url': 'http://esc.example.org' }, env)
    expect(plain.out).to.include('does not begin with https://')
  })

  it('the action installs only an exact version, below the temporary folder', async () => {
    const npm = path('bin/npm')
    writeFileSync(npm, '#!/bin/sh\nmkdir -p "$3/node_modules/.bin" && echo "$@" >"$RUNNER_TEMP/npm"\n')
    chmodSync(npm, 0o755)
    const ran = await act({ environment: 'app/ci', version: '0.1.0' })
    expect(ran.code, ran.out + ran.err).to.equal(0)
    expect(readFileSync(path('tmp/npm'), 'utf8')).to.match(/--ignore-scripts .*@gitesc\/cli@0\.1\.0\n$/)
    expect(readFileSync(path('path'), 'utf8').startsWith(path('tmp'))).to.equal(true)
    const latest = await act({ environment: 'app/ci', version: 'latest' })
    expect([latest.code, latest.out]).to.deep.equal([1, '::error::version: latest is not an exact version\n'])
  })

  it('the inputs that the action declares are those that it reads, and the version is ours', () => {
    const { inputs } = parse(readFileSync(join(action, 'action.yml'), 'utf8'))
    const source = readFileSync(join(action, 'main.cjs'), 'utf8')
    const read = [...source.matchAll(/input\('([\w-]+)'\)/g)].map(([, name]) => name)
    expect([...new Set(read)].sort()).to.deep.equal(Object.keys(inputs).sort())
    const { version } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'))
    expect(inputs.version.default).to.equal(version)
    expect(parse(readFileSync(template, 'utf8'))['.esc'].variables.ESC_VERSION).to.equal(version)
  })

  it("the template of GitLab exchanges the job's identity token by what its script says", async () => {
    const sign = await serve()
    const job = parse(readFileSync(template, 'utf8'))['.esc-server']
    expect(job.id_tokens.ESC_ID_TOKEN.aud).to.equal('urn:pulumi:org:$ESC_ORGANIZATION')
    const exchange = (job.before_script as string[]).at(-1) ?? ''
    const run = async (sub: string) => {
      const script = `${exchange}\nesc export dotenv acme/app/ci`
      const env = {
        PATH: pathVariable(),
        HOME: path('elsewhere'),
        ESC_SERVER_URL: server?.url,
        ESC_ORGANIZATION: 'acme',
        ESC_ID_TOKEN: await sign('urn:pulumi:org:acme', sub),
      }
      return ended(spawn('sh', ['-ec', script], { cwd: path('tmp'), env, stdio: ['ignore', 'pipe', 'pipe'] }))
    }
    const ran = await run('repo:acme/web:ref:refs/heads/main')
    expect(ran.code, ran.err).to.equal(0)
    expect(ran.out).to.include('REGION="eu-west-1"\n').and.include(`TOKEN='${CANARY}'`)
    const refused = await run('repo:other/web:ref:refs/heads/main')
    expect(refused.code).to.not.equal(0)
    expect(refused.out).to.equal('')
    expect(existsSync(path('elsewhere'))).to.equal(false)
  })
})
