import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

describe('esc check', () => {
  let playground: Playground
  const file = (...path: string[]) => join(playground.store, 'app', 'dev', ...path)

  beforeEach(async () => {
    playground = new Playground()
    await playground.withEnvironment('app/dev', 'values: {token: {fn::secret: hunter2-hunter2}, a: 1}\n')
    await playground.ok('env', 'init', 'app/empty')
  })
  afterEach(() => playground.remove())

  const state = () => `This machine keeps its own state of the store in ${playground.state}.\n`

  it('says that nothing is wrong, and where this machine keeps its state', async () => {
    expect(await playground.run(['check'])).to.deep.equal({
      code: 0,
      out: `Checked 2 environments, 3 revisions: nothing is wrong.\n${state()}`,
      err: '',
    })
    expect(await playground.ok('check', 'app/empty')).to.equal(
      `Checked 1 environment, 1 revision: nothing is wrong.\n${state()}`,
    )
  })

  it('names file, problem and remedy, and fails', async () => {
    const revision = file('revisions', '2.yaml')
    writeFileSync(revision, readFileSync(revision, 'utf8').replace('a: 1', 'a: 2'))
    const ran = await playground.run(['check'])
    expect(ran.code).to.equal(1)
    expect(ran.out).to.match(
      /^error: the seal of revision 2 of environment 'app\/dev' does not match: the file was changed\n {2}file: {3}environments\/app\/dev\/revisions\/2\.yaml\n {2}remedy: .+\n\n[\s\S]*Checked 2 environments, 3 revisions: 1 error/,
    )
    const json = JSON.parse((await playground.run(['check', '--output', 'json'])).out)
    expect(json).to.include({ environments: 2, revisions: 3 })
    expect(json.findings[0]).to.include({
      severity: 'error',
      kind: 'tampered',
      environment: 'app/dev',
      file: 'environments/app/dev/revisions/2.yaml',
      fixable: false,
    })
  })

  it('names what an environment imports or refers to and is not there', async () => {
    await playground.withEnvironment('app/base', 'values: {host: db}\n')
    await playground.withEnvironment(
      'app/web',
      'imports: [app/base, app/base@1]\nvalues: {a: "${environments.app.base.host}"}\n',
    )
    expect((await playground.run(['check'])).code).to.equal(0)
    rmSync(join(playground.store, 'app', 'base'), { recursive: true })
    const { code, out } = await playground.run(['check', '--output', 'json'])
    expect(code).to.equal(1)
    const { findings } = JSON.parse(out)
    expect(findings).to.have.length(1)
    const [finding] = findings
    expect(finding).to.include({ severity: 'error', kind: 'missing_environment', environment: 'app/web' })
    expect(finding.problem).to.include("'app/base', which is not there")
    expect(finding.remedy).to.include('esc env restore').and.include('esc env edit app/web')
  })

  it('names the version of an environment that is not there, whatever else is named wrongly', async () => {
    await playground.withEnvironment('app/base', 'values: {host: db}\n')
    await playground.withEnvironment('app/web', 'imports: [app/base@2]\nvalues: {a: 1}\n')
    expect((await playground.run(['check'])).code).to.equal(0)
    const base = join(playground.store, 'app', 'base')
    rmSync(base, { recursive: true })
    await playground.ok('env', 'init', 'app/base')
    const { findings } = JSON.parse((await playground.run(['check', '--output', 'json'])).out)
    expect(findings.map(({ kind }: { kind: string }) => kind)).to.deep.equal(['missing_environment'])
    expect(findings[0].problem).to.include("'app/base@2', which is not there")
  })

  it('names the esc.yaml that is missing beside environments', async () => {
    rmSync(join(playground.store, 'esc.yaml'))
    const { code, err } = await playground.run(['check'])
    expect(code).to.equal(1)
    expect(err).to.match(
      /hint: .*environments\/esc\.yaml is missing beside environments: restore the file from the git history/,
    )
  })

  it('takes no other folder for a store that has lost its esc.yaml', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'esc-elsewhere-'))
    try {
      cpSync(join(playground.store, 'app'), join(elsewhere, 'app'), { recursive: true })
      const { err } = await playground.run(['check'], { cwd: join(elsewhere, 'app') })
      expect(err)
        .to.include(`no esc store in ${join(elsewhere, 'app')}`)
        .and.include('hint: make one with "esc init"')
    } finally {
      rmSync(elsewhere, { recursive: true })
    }
  })

  it('does with --fix what is safe, and leaves the rest', async () => {
    rmSync(join(playground.store, '.gitignore'))
    writeFileSync(file('.tmp-left-behind'), '')
    appendFileSync(file('environment.yaml'), '# by hand\n')
    const ran = await playground.run(['check', '--fix'])
    expect(ran.code).to.equal(1)
    expect(ran.out).to.match(
      /^fixed: environments\/app\/dev\/\.tmp-left-behind: .*\nfixed: environments\/\.gitignore: /,
    )
    expect(ran.out).to.match(
      /warning: environment\.yaml was edited by hand.*\n.*\n {2}remedy: save .*esc env save app\/dev/,
    )
    await playground.ok('env', 'discard', 'app/dev')
    expect((await playground.run(['check'])).code).to.equal(0)
  })

  it('does without keys what it can, where there are none', async () => {
    const env = { ESC_CONFIG_HOME: join(playground.folder, 'nowhere') }
    const ran = await playground.run(['check'], { env })
    expect(ran.code).to.equal(0)
    expect(ran.out).to.match(/^note: the seals could not be checked: /)
    expect((await playground.run(['check', '--without-keys'], { env })).out).to.match(/^note: the seals could not be /)
  })

  it('refuses an environment that is not there', async () => {
    expect((await playground.run(['check', 'app/dve'])).err).to.match(/^Error: environment 'app\/dve' does not exist\n/)
  })
})

describe('hand edits and removed environments', () => {
  let playground: Playground
  const file = () => join(playground.store, 'app', 'dev', 'environment.yaml')

  beforeEach(async () => {
    playground = await new Playground().withEnvironment('app/dev', 'values: {a: 1}\n')
  })
  afterEach(() => playground.remove())

  it('discards what was edited', async () => {
    const before = readFileSync(file(), 'utf8')
    expect(await playground.ok('env', 'discard', 'app/dev')).to.equal("Nothing to discard in 'app/dev'.\n")
    writeFileSync(file(), 'values: {a: 2}\n')
    expect(await playground.ok('env', 'status')).to.match(/app\/dev .*edited/)
    expect(await playground.ok('env', 'discard', 'app/dev')).to.match(/is the newest revision again/)
    expect(readFileSync(file(), 'utf8')).to.equal(before)
  })

  it('brings a removed environment back, with its history and its key', async () => {
    await playground.ok('env', 'set', 'app/dev', 'b', 'x', '--secret')
    const before = playground.digest(join(playground.store, 'app'))
    expect(await playground.ok('env', 'restore')).to.equal('No environment was removed.\n')
    await playground.ok('env', 'rm', 'app/dev', '--yes')
    const [header, row] = (await playground.ok('env', 'restore')).split('\n')
    expect(header).to.match(/^ENVIRONMENT +ID +REMOVED +BY$/)
    expect(row).to.match(/^app\/dev {6}[0-9a-f-]{36} {2}2026-03-04T05:06:07.000Z {2}ada@/)
    expect(await playground.ok('env', 'restore', 'app/dev')).to.equal("Environment 'app/dev' is back, at revision 3.\n")
    expect(playground.digest(join(playground.store, 'app'))).to.equal(before)
    expect(JSON.parse(await playground.ok('open', 'app/dev'))).to.deep.equal({ a: 1, b: 'x' })
    const again = await playground.run(['env', 'restore', 'app/dev'])
    expect(again.err).to.match(/^Error: environment 'app\/dev' is there; .*\nhint: .*esc env discard app\/dev/)
  })
})
