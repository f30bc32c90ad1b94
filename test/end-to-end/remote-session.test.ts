import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground, type RunOptions } from '../cli/commands/esc.ts'
import { RunningServer } from '../server/running-server.ts'
import { newerNode } from '../servers/newer-node.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { Program } from './program.ts'

/** The command line of this program against its own server, over a real connection. */
describe('commands on a server', function () {
  this.timeout(120_000)
  let program: Program
  let server: RunningServer
  let away: Playground
  const run = (words: string, options: RunOptions = {}) => away.run(words.split(' '), options)
  const ok = async (words: string, options: RunOptions = {}) => {
    const ran = await run(words, options)
    expect(ran.code, ran.err).to.equal(0)
    return ran.out
  }
  const logIn = () => ok(`login ${server.url} --token-file -`, { input: `${server.token}\n` })
  const tokenOf = async (user: string, ...more: string[]) =>
    (await program.ok('server', 'token', 'create', '--user', user, ...more)).trim()

  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    program = new Program()
    await program.ok('init', '--organization', 'acme')
    server = await RunningServer.start(program)
    return undefined
  })
  after(async () => {
    await server?.stop()
    program?.remove()
  })
  beforeEach(() => {
    away = new Playground()
  })
  afterEach(() => away.remove())

  it('keep the token where only the user can read it, and forget it again', async () => {
    expect(await logIn()).to.equal(`Logged in to ${server.url} as root@example.com (organization acme)\n`)
    const file = join(away.env.ESC_CONFIG_HOME as string, 'servers.json')
    expect(statSync(file).mode & 0o777).to.equal(0o600)
    expect(readFileSync(file, 'utf8')).to.include(server.token)
    expect(readFileSync(join(away.env.ESC_CONFIG_HOME as string, 'config.json'), 'utf8')).to.not.include(server.token)
    expect(JSON.parse(await ok('whoami --output json'))).to.deep.equal({
      user: 'root@example.com',
      organization: 'acme',
      store: server.url,
    })
    expect(await ok('whoami')).to.equal('root@example.com\n')
    expect(await ok('status')).to.match(
      new RegExp(`^Server: +${server.url} \\(chosen with "esc login"\\)\nOrganization: +acme\nUser: +root@`),
    )
    expect(await ok('logout')).to.equal(`Logged out of ${server.url}\n`)
    expect(readFileSync(file, 'utf8')).to.not.include(server.token)
    expect((await run('env ls')).err).to.include('no esc store')
  })

  it('work on its environments as in the folder', async () => {
    await logIn()
    await ok('env init app/dev --file -', { input: 'values:\n  size: 1.10\n  token: {fn::secret: hunter2}\n' })
    await ok('env set app/dev database.port 5432')
    await ok('env set app/dev database.password --secret', { input: 'hunter3' })
    expect(JSON.parse(await ok('open app/dev'))).to.deep.equal({
      size: 1.1,
      token: 'hunter2',
      database: { port: 5432, password: 'hunter3' },
    })
    expect(await ok('env get app/dev size')).to.include('1.10')
    expect(await ok('env get app/dev'))
      .to.include('[secret]')
      .and.not.include('hunter')
    expect(await ok('env ls')).to.include('app/dev\n')
    await ok('env tag app/dev owner platform')
    expect(await ok('env tag ls app/dev')).to.include('platform')
    await ok('env version tag app/dev@first 2')
    expect(JSON.parse(await ok('open app/dev@first'))).to.not.have.property('database')
    expect(await ok('env diff app/dev@first')).to.include('database')
    expect(await ok('env version history app/dev')).to.include('root@example.com')
    await ok('env clone app/dev app/copy')
    expect(await ok('env rm app/copy --yes')).to.include('removed')
    await ok('select app/dev')
    expect(JSON.parse(await ok('open --output json').catch(() => ok('open')))).to.have.property('token', 'hunter2')
    expect((await program.ok('env', 'version', 'history', 'app/dev')).match(/revision /g)).to.have.length(4)
  })

  it('edit here what is kept there', async () => {
    await logIn()
    await ok('env init app/edited --file -', { input: 'values: {a: 1, b: {fn::secret: hunter2}}\n' })
    const editing = (script: string) => ({
      env: { EDITOR: `sed -i ${script}` },
      io: { stdinIsTerminal: true, stdoutIsTerminal: true, stderrIsTerminal: true },
    })
    expect((await run('env edit app/edited', editing('s/1/2/'))).err).to.not.include('Error')
    expect(JSON.parse(await ok('open app/edited'))).to.deep.equal({ a: 2, b: 'hunter2' })
    const wrong = await run('env edit app/edited', editing('s/2/${none}/'))
    expect(wrong.code).to.not.equal(0)
    expect(JSON.parse(await ok('open app/edited'))).to.have.property('a', 2)
  })

  it('rotate there, and keep both secrets', async () => {
    await logIn()
    await ok('env init app/rotated --file -', {
      input: 'values:\n  user:\n    fn::rotate::password: {inputs: {length: 20}}\n',
    })
    expect(await ok('env rotate app/rotated')).to.include('rotated')
    const { current } = JSON.parse(await ok('open app/rotated user'))
    await ok('env rotate app/rotated user --force')
    expect(JSON.parse(await ok('open app/rotated user')).previous).to.equal(current)
    const failed = await run('env rotate app/rotated nothing')
    expect(failed.code).to.not.equal(0)
    expect(failed.err).to.include('nothing')
  })

  it('run a program here with what was opened there', async () => {
    await logIn()
    await ok('env init app/run --file -', {
      input: 'values:\n  environmentVariables: {TOKEN: {fn::secret: hunter2-run}}\n',
    })
    const folder = mkdtempSync(join(tmpdir(), 'esc-remote-run-'))
    const env = {
      ...process.env,
      ESC_CONFIG_HOME: join(folder, 'config'),
      ESC_SERVER_URL: server.url,
      ESC_ACCESS_TOKEN: server.token,
    }
    try {
      const bin = join(process.cwd(), 'bin', 'run.cjs')
      const script = `printf '%s' "$TOKEN" > out; echo "$TOKEN \${ESC_ACCESS_TOKEN-none}"`
      const out = execFileSync(process.execPath, [bin, 'run', 'app/run', '--', 'sh', '-c', script], {
        cwd: folder,
        env,
        encoding: 'utf8',
      })
      expect(out).to.equal('[secret] none\n')
      expect(readFileSync(join(folder, 'out'), 'utf8')).to.equal('hunter2-run')
      expect(existsSync(join(folder, 'config', 'servers.json'))).to.equal(false)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('refuse variables that would make programs here run code, whoever trusts them there', async () => {
    await logIn()
    await ok('env init app/loader --file -', { input: 'values:\n  environmentVariables: {LD_PRELOAD: /tmp/evil.so}\n' })
    const ran = await run('open app/loader --format shell')
    expect(ran.code).to.equal(1)
    expect(ran.err).to.include('LD_PRELOAD').and.include('--allow-variable LD_PRELOAD')
  })

  it('leave it to the access rules there who may do what', async () => {
    await logIn()
    await ok('env init app/guarded --file -', { input: 'values: {a: 1}\n' })
    const token = await tokenOf('bob')
    const narrow = await tokenOf('root@example.com', '--admin', '--level', 'open', '--environment', 'app/guarded')
    const file = join(program.folder, 'environments', 'esc.yaml')
    const before = readFileSync(file, 'utf8')
    writeFileSync(file, `${before}access:\n  rules:\n    - {environments: "*", principals: bob, level: read}\n`)
    try {
      const env = { ESC_SERVER_URL: server.url, ESC_ACCESS_TOKEN: token }
      expect(await ok('env ls', { env })).to.include('app/guarded')
      const refused = await run('env set app/guarded a 2', { env })
      expect(refused.code).to.equal(4)
      expect(refused.err).to.match(
        /^Error: 'bob'.* may not .*'app\/guarded': that needs write, and the rules give read\nhint: .*esc access explain/,
      )
      const narrowed = { ESC_SERVER_URL: server.url, ESC_ACCESS_TOKEN: narrow }
      expect(JSON.parse(await ok('open app/guarded', { env: narrowed }))).to.deep.equal({ a: 1 })
      expect((await run('env set app/guarded a 2', { env: narrowed })).code).to.equal(4)
    } finally {
      writeFileSync(file, before)
    }
  })

  it('say what needs the folder, in words, and do nothing', async () => {
    await logIn()
    await ok('env init app/folder --file -', { input: 'values: {a: 1}\n' })
    for (const words of [
      'env save app/folder',
      'check',
      'trust',
      'env renumber app/folder',
      'env rewrap app/folder',
      'oidc init',
      'env trust app/folder',
      'env prune app/folder --keep 1',
      'env status',
      'scan',
      'scheduler tick',
    ]) {
      const ran = await run(words)
      expect(ran.code, words).to.not.equal(0)
      expect(ran.err, words).to.match(/^Error: this works in the folder of a store/)
    }
    const committed = await run('env set app/folder a 2 --commit')
    expect(committed.err).to.include('committing to git works in the folder of a store')
    expect(JSON.parse(await ok('open app/folder'))).to.deep.equal({ a: 1 })
  })

  it('tell a wrong token, a wrong server and two stores at once apart', async () => {
    const env = { ESC_SERVER_URL: server.url, ESC_ACCESS_TOKEN: 'no-such-token-12345' }
    const wrong = await run('env ls', { env })
    expect(wrong.code).to.equal(4)
    expect(wrong.err).to.include('does not accept the access token').and.not.include('no-such-token')
    expect((await run('env ls', { env: { ESC_SERVER_URL: server.url } })).err).to.include(`esc login ${server.url}`)
    expect((await run('env ls', { env: { ...env, ESC_SERVER_URL: 'http://esc.example.com' } })).err).to.include(
      'without encryption',
    )
    expect((await run('env ls', { env: { ...env, ESC_STORE: '.' } })).err).to.include('unset one of them')
    const dead = await run('env ls', { env: { ...env, ESC_SERVER_URL: 'http://127.0.0.1:64999' } })
    expect(dead.err).to.include('no answer of http://127.0.0.1:64999 (ECONNREFUSED)')
    expect((await run(`login ${server.url} --token-file -`, { input: 'nope' })).code).to.equal(4)
    expect((await run('env ls')).err).to.include('no esc store')
  })

  it('import the environments of a server, by the login to it', async () => {
    await logIn()
    await ok('env init moved/base --file -', { input: 'values: {a: {fn::secret: hunter2-moved}}\n' })
    await ok('env set moved/base b 2')
    await ok('env tag moved/base owner platform')
    await ok('env version tag moved/base@stable 2')
    await ok('env version retract moved/base@1 --replace-with @2')
    await ok('init')
    const out = await ok(`import esc-cloud --url ${server.url} moved/base`, {
      env: { PULUMI_ACCESS_TOKEN: 'not-for-this-server' },
    })
    expect(out).to.include('moved/base: imported 3 revisions, 1 retracted, 1 tag, 1 revision tag\n')
    expect(JSON.parse(await ok('open moved/base'))).to.deep.equal({ a: 'hunter2-moved', b: 2 })
    expect(JSON.parse(await ok('open moved/base@stable'))).to.deep.equal({ a: 'hunter2-moved' })
    expect(await ok('check')).to.not.match(/error/i)
  })

  it('prefer a folder that they are in to a login, and a name to both', async () => {
    await logIn()
    await ok('init')
    expect(await ok('env ls')).to.equal('')
    const env = { ESC_ACCESS_TOKEN: server.token }
    expect(await ok(`env init app/named --store ${server.url}`, { env })).to.include('acme/app/named')
    expect(await ok('env ls')).to.equal('')
    expect(await ok('env ls', { env: { ...env, ESC_STORE: server.url } })).to.include('app/named')
  })
})

describe('commands on a server whose store is in a database', function () {
  this.timeout(120_000)
  let postgres: PostgresServer
  let program: Program
  let server: RunningServer
  let away: Playground

  before(async function () {
    const node = await newerNode()
    if (!Program.isBuilt() || node === undefined) return this.skip()
    postgres = await startPostgres()
    const { username, password } = postgres.admin
    program = new Program()
    program.node = node
    program.env.ESC_DATABASE_URL = `postgres://${username}:${password}@${postgres.host}:${postgres.port}/postgres`
    server = await RunningServer.start(program)
    away = new Playground()
    return undefined
  })
  after(async () => {
    await server?.stop()
    program?.remove()
    away?.remove()
    await postgres?.stop()
  })

  it('work as on one with a folder', async () => {
    const ok = async (words: string, input = '') => {
      const ran = await away.run(words.split(' '), { input })
      expect(ran.code, `${words}: ${ran.err}`).to.equal(0)
      return ran.out
    }
    await ok(`login ${server.url} --token-file -`, server.token)
    await ok('env init app/base --file -', 'values: {size: 1}\n')
    const rotated = '  user:\n    fn::rotate::password: {inputs: {length: 20}}\n'
    await ok('env init app/dev --file -', `imports: [app/base]\nvalues:\n  token: {fn::secret: hunter2}\n${rotated}`)
    await ok('env set app/dev port 5432')
    await ok('env rotate app/dev')
    const { user, ...others } = JSON.parse(await ok('open app/dev'))
    expect(others).to.deep.equal({ size: 1, token: 'hunter2', port: 5432 })
    expect(user.current).to.have.length(20)
    await ok('env tag app/dev owner platform')
    await ok('env version tag app/dev@first 2')
    await ok('env clone app/dev app/copy')
    await ok('env rm app/copy --yes')
    await ok('env version rollback app/dev@first')
    expect(JSON.parse(await ok('open app/dev'))).to.not.have.property('port')
    expect(await ok('env version history app/dev')).to.match(/Change: rollback/)
    expect(await ok('env ls')).to.equal('app/base\napp/dev\n')
    expect(await ok('env referrer list app/base')).to.include('app/dev')
  })
})
