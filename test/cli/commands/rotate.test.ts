import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

const DEFINITION = `# credentials of the build
values:
  admin:
    fn::rotate::password:
      inputs: {length: 20}   # at least 16
  words:
    fn::rotate::passphrase:
      inputs: {}
`

describe('env rotate', () => {
  let playground: Playground
  beforeEach(async () => {
    playground = await new Playground().withEnvironment('rotators/ci', DEFINITION)
  })
  afterEach(() => playground.remove())
  const open = async () => JSON.parse(await playground.ok('open', 'rotators/ci'))
  const storeText = () =>
    readdirSync(playground.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
      .join('\n')

  it('says what it did, in the words people know, and keeps the credential before', async () => {
    expect(await playground.run(['env', 'rotate', 'rotators/ci'])).to.deep.equal({
      code: 0,
      out: "Environment 'rotators/ci' rotated.\nNew revision '3' was created.\n",
      err: '',
    })
    const first = await open()
    expect(first.admin.current).to.have.length(20)
    expect(await playground.ok('env', '--env', 'rotators/ci', 'rotate')).to.include("New revision '4' was created.\n")
    const second = await open()
    expect(second.admin.previous).to.equal(first.admin.current)
    expect(second.admin.current).to.not.equal(first.admin.current)
    const text = storeText()
    for (const value of [first.admin.current, second.admin.current, second.words.current])
      expect(text).to.not.include(value)
    expect(readFileSync(join(playground.store, 'rotators', 'ci', 'environment.yaml'), 'utf8'))
      .to.include('# credentials of the build')
      .and.include('inputs: {length: 20}   # at least 16')
  })

  it('rotates the paths it is given, and no other', async () => {
    await playground.ok('env', 'rotate', 'rotators/ci')
    const before = await open()
    expect(await playground.ok('env', 'rotate', 'rotators/ci', 'words')).to.equal(
      "Environment 'rotators/ci' rotated.\nNew revision '4' was created.\n",
    )
    const after = await open()
    expect(after.admin).to.deep.equal(before.admin)
    expect(after.words.previous).to.equal(before.words.current)
  })

  it('plans without changing a byte', async () => {
    const digest = playground.digest()
    const ran = await playground.run(['env', 'rotate', 'rotators/ci', '--plan'])
    expect(ran).to.deep.include({ code: 0, err: '' })
    expect(ran.out).to.match(
      /^Rotating 'rotators\/ci' would do this \(nothing was changed\):\n\nadmin \(password\)\n {2}create /,
    )
    expect(playground.digest()).to.equal(digest)
  })

  it('has nothing to resume or retry after a success', async () => {
    expect(await playground.ok('env', 'rotate', 'rotators/ci', '--resume')).to.equal(
      "Nothing to resume in 'rotators/ci'.\n",
    )
    expect(await playground.ok('env', 'rotate', 'rotators/ci', '--failed')).to.equal(
      "No path of 'rotators/ci' failed last time.\n",
    )
  })

  it('says that a credential was not adopted, and why', async () => {
    const { code, out } = await playground.run(['env', 'rotate', 'rotators/ci', 'admin', '--adopt', '-'], {
      input: '{"password": "made by hand"}',
    })
    expect(out).to.equal(
      'Credential not adopted.\nPath: admin, error: password has no credentials that could be adopted\n',
    )
    expect(code).to.equal(1)
  })

  it('saves what succeeded, names what failed, exits with 3, and retries just that', async () => {
    const broken = `${DEFINITION}  login: {fn::open::aws-login: {static: {accessKeyId: AKIAEXAMPLE, secretAccessKey: {fn::secret: not-a-real-secret}}}}
  key:
    fn::rotate::aws-iam:
      inputs: {region: us-west-2, login: '\${login}', userArn: nonsense}
`
    expect((await playground.run(['env', 'edit', 'rotators/ci', '-f', '-'], { input: broken })).err).to.equal('')
    const ran = await playground.run(['env', 'rotate', 'rotators/ci'])
    expect(ran.out).to.match(
      /^Environment 'rotators\/ci' rotated with errors\.\nNew revision '4' was created\.\n\nFailed secrets:\nPath: key, error: .*nonsense.*\n$/,
    )
    expect(ran.err).to.match(
      /^hint: key: .+\nhint: "esc env rotate rotators\/ci --failed" tries again just what failed\n$/,
    )
    expect(ran.code).to.equal(3)
    const before = await open()
    const retried = await playground.run(['env', 'rotate', 'rotators/ci', '--failed'])
    expect(retried.out).to.match(
      /^Environment 'rotators\/ci' rotated with errors\.\n\nFailed secrets:\nPath: key, error: /,
    )
    expect(retried.code).to.equal(1)
    expect((await open()).admin).to.deep.equal(before.admin)
  })

  it('opens for someone without the key of the environment that manages the credential, who cannot rotate it', async () => {
    playground.env.ESC_PASSPHRASE = 'correct horse battery staple'
    const managing = `values:
  aws:
    login: {fn::open::aws-login: {static: {accessKeyId: AKIAEXAMPLE, secretAccessKey: {fn::secret: not-a-real-secret}}}}
`
    const rotated = `values:
  key:
    fn::rotate::aws-iam:
      inputs:
        region: us-west-2
        login: \${environments.credentials.production.aws.login}
        userArn: arn:aws:iam::123456789012:user/app
      state:
        current: {accessKeyId: AKIACURRENT, secretAccessKey: {fn::secret: the-current-secret}}
`
    const init = ['env', 'init', 'credentials/production', '--secrets-provider', 'passphrase', '-f', '-']
    expect((await playground.run(init, { input: managing })).code).to.equal(0)
    await playground.withEnvironment('rotators/iam', rotated)
    delete playground.env.ESC_PASSPHRASE
    const { key } = JSON.parse(await playground.ok('open', 'rotators/iam'))
    expect(key.current.secretAccessKey).to.equal('the-current-secret')
    const digest = playground.digest()
    const ran = await playground.run(['env', 'rotate', 'rotators/iam'])
    expect(ran.code).to.equal(1)
    expect(ran.out).to.match(/Path: key, error: .*'credentials\/production' needs a passphrase/)
    expect(playground.digest()).to.equal(digest)
  })

  it('gives programs the report as JSON', async () => {
    const ran = await playground.run(['env', 'rotate', 'rotators/ci', 'admin', '--output=json'])
    const { id, secretRotationEvent, ...report } = JSON.parse(ran.out)
    expect(secretRotationEvent).to.include({ id, status: 'succeeded', preRotationRevision: 2, postRotationRevision: 3 })
    expect(report).to.deep.equal({
      status: 'succeeded',
      revision: 3,
      paths: [{ path: 'admin', rotator: 'password', notes: [], status: 'succeeded' }],
      warnings: [],
      diagnostics: [],
    })
    expect(ran.err).to.equal('')
  })

  it('shows progress per path on a terminal only', async () => {
    const io = { stderrIsTerminal: true, columns: 80 }
    const { err } = await playground.run(['env', 'rotate', 'rotators/ci'], { io, env: { NO_COLOR: '1' } })
    expect(err).to.include('✓ admin  rotated\n').and.include('✓ words  rotated\n')
  })

  it('stops at once on a second Ctrl-C', async () => {
    const twice = (listener: (signal: NodeJS.Signals) => void) => {
      listener('SIGINT')
      listener('SIGINT')
      return () => {}
    }
    const ran = await playground.run(['env', 'rotate', 'rotators/ci'], { io: { onInterrupt: twice } })
    expect(ran.err).to.include('Interrupted: finishing the step in flight').and.include('exit 130')
  })

  it('begins nothing after Ctrl-C, and says so', async () => {
    const once = (listener: (signal: NodeJS.Signals) => void) => {
      listener('SIGINT')
      return () => {}
    }
    const digest = playground.digest(join(playground.store, 'rotators', 'ci', 'revisions'))
    const ran = await playground.run(['env', 'rotate', 'rotators/ci'], { io: { onInterrupt: once } })
    expect(ran.code).to.not.equal(0)
    expect(ran.err)
      .to.include('Interrupted')
      .and.include('"esc env rotate rotators/ci --failed" finishes or undoes what was begun, and rotates the rest')
    expect(playground.digest(join(playground.store, 'rotators', 'ci', 'revisions'))).to.equal(digest)
    const retried = JSON.parse(await playground.ok('env', 'rotate', 'rotators/ci', '--failed', '--output', 'json'))
    expect(retried.paths.map(({ path }: { path: string }) => path)).to.deep.equal(['admin', 'words'])
  })

  it('prints the public part of the key that signs requests to adapters, and nothing else of it', async () => {
    const { keys } = JSON.parse(await playground.ok('oidc', 'jwks'))
    expect(keys).to.have.length(1)
    expect(keys[0]).to.have.all.keys('kty', 'n', 'e', 'kid', 'alg', 'use')
    expect(JSON.parse(await playground.ok('oidc', 'jwks'))).to.deep.equal({ keys })
  })

  it('keeps the credentials that a definition from a file leaves out, and tells of those whose rotator is gone', async () => {
    const edit = (input: string) => playground.run(['env', 'edit', 'rotators/ci', '--file', '-'], { input })
    const admin = 'admin: {"fn::rotate::password": {inputs: {}}}'
    await playground.ok('env', 'rotate', 'rotators/ci', '--force')
    const before = await open()

    const kept = await edit(`values: {${admin}, words: {"fn::rotate::passphrase": {inputs: {}}}, more: here}\n`)
    expect(kept.err).to.match(/^note: admin, words kept the rotated credentials\./)
    expect(await open()).to.deep.equal({ ...before, more: 'here' })

    const dropped = await edit(`values: {${admin}}\n`)
    expect(dropped.err).to.match(/^warning: words had rotated credentials, .* revision 4 has them\.\nnote: admin kept /)
    const whole = await playground.ok('env', 'get', 'rotators/ci', '--definition')
    expect((await edit(`${whole}# more\n`)).err).to.equal('')
    const removed = await playground.run(['env', 'rm', 'rotators/ci', 'admin', '--yes'])
    expect(removed.err).to.match(/^warning: admin had rotated credentials, .* revision 6 has them\./)
  })
})
