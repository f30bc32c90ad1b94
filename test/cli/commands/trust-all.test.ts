import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

describe('esc env trust --all', function () {
  this.timeout(60_000)
  let esc: Playground
  let theirs: string
  beforeEach(async () => {
    esc = new Playground()
    theirs = join(esc.folder, 'theirs')
    for (const name of ['app/dev', 'app/prod', 'ops/db', 'ops/same']) {
      await esc.withEnvironment(name, 'values: {token: {fn::secret: not-a-real-token}}\n')
    }
    git('init', '--quiet', '--initial-branch', 'main')
    commit('Ada', 'base')
    execFileSync('git', ['clone', '--quiet', esc.store, theirs], { stdio: 'pipe' })
    for (const name of ['app/dev', 'app/prod', 'ops/db', 'ops/same']) expect((await open(name)).code).to.equal(0)
    await rekey('app/dev', 'app/prod')
    commit('Grace', 'new keys\u001b[31m for app')
    await rekey('ops/db')
    commit('Eve', 'something')
    execFileSync('git', ['pull', '--quiet'], { cwd: theirs, stdio: 'pipe' })
  })
  afterEach(() => esc.remove())

  function git(...args: string[]): void {
    execFileSync('git', args, { cwd: esc.store, stdio: 'pipe' })
  }
  function commit(who: string, subject: string): void {
    git('add', '--all')
    const identity = ['-c', `user.name=${who}`, '-c', `user.email=${who.toLowerCase()}@example.com`]
    git(...identity, 'commit', '--quiet', '--message', subject)
  }
  /** A change of the data key that nobody with the key before has signed. */
  async function rekey(...names: string[]): Promise<void> {
    for (const name of names) {
      await esc.ok('env', 'change-secrets-provider', name, 'default')
      const settings = join(esc.store, name, 'settings.yaml')
      writeFileSync(settings, readFileSync(settings, 'utf8').replace(/^keyChanges: .*\n/m, ''))
    }
  }
  const open = (name: string) => esc.run(['env', 'open', name, '--store', theirs])
  const trust = (input: string, ...more: string[]) =>
    esc.run(['env', 'trust', '--all', '--store', theirs, ...more], { input })
  const opens = async () => {
    const all = await Promise.all(['app/dev', 'app/prod', 'ops/db', 'ops/same'].map(open))
    return all.map(({ code }) => code === 0)
  }

  it('asks once per commit, shows who, what and where, and goes on after a refusal', async () => {
    expect(await opens()).to.deep.equal([false, false, false, true])
    const { code, out, err } = await trust('y\nno\n')
    expect(code).to.equal(1)
    expect(err)
      .to.match(/Commit [0-9a-f]{7,} of \S+, by Grace <grace@example\.com>: new keys.\[31m for app\n/)
      .and.include('(Git does not prove who made a commit.)')
      .and.match(/It changed the data keys of:\n {2}app\/dev, revision 2\n/)
      .and.match(/\n {2}app\/prod, revision 2\n/)
      .and.include('seals: right, with the new key')
      .and.include('Accept these 2 data keys on this machine? [y/N]')
      .and.match(
        /by Eve <eve@example\.com>: something\n(?:.*\n)+ {2}ops\/db(?:.*\n)+Accept this data key on this machine\? \[y\/N\]/,
      )
      .and.not.include('ops/same')
      .and.not.include('\u001b')
    expect(out).to.equal('Accepted on this machine: app/dev, app/prod\nNot accepted: ops/db\n')
    expect(await opens()).to.deep.equal([true, true, false, true])
  })

  it('accepts nothing where nobody answers, and everything with --yes, once', async () => {
    expect((await trust('')).code).to.equal(1)
    expect(await opens()).to.deep.equal([false, false, false, true])
    expect((await trust('', '--yes')).code).to.equal(0)
    expect(await opens()).to.deep.equal([true, true, true, true])
    expect((await trust('')).out).to.equal('This machine knows the data keys of all environments already.\n')
  })

  it('says all of it as JSON', async () => {
    const { code, out } = await trust('y\n', '--output', 'json')
    expect(code).to.equal(1)
    const { changes, failed } = JSON.parse(out)
    expect(failed).to.deep.equal([])
    expect(changes.map(({ accepted }: { accepted: boolean }) => accepted)).to.deep.equal([true, false])
    expect(changes[0].commit).to.include({ author: 'Grace <grace@example.com>' })
    expect(changes[0].environments.map(({ environment }: { environment: string }) => environment)).to.deep.equal([
      'app/dev',
      'app/prod',
    ])
  })

  it('puts changes that are in no commit together, and leaves out what has wrong seals', async () => {
    await trust('', '--yes')
    await rekey('app/dev', 'ops/db')
    for (const name of ['app/dev', 'ops/db']) cpSync(join(esc.store, name), join(theirs, name), { recursive: true })
    const settings = join(theirs, 'ops', 'db', 'settings.yaml')
    writeFileSync(
      settings,
      readFileSync(settings, 'utf8').replace(/settingsSeal: .*/, 'settingsSeal: hmac-sha256:AAAA'),
    )
    const { code, out, err } = await trust('', '--yes')
    expect(code).to.equal(1)
    expect(err).to.include('Changed data keys that are in no commit:\n  app/dev')
    expect(out).to.include('Accepted on this machine: app/dev\n').and.include('ops/db: cannot be accepted: ')
    expect(await opens()).to.deep.equal([true, true, false, true])
  })

  it('takes no environment', async () => {
    expect((await esc.run(['env', 'trust', '--all', 'app/dev'])).code).to.equal(2)
  })
})
