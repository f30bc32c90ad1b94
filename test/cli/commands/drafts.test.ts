import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

describe('drafts', () => {
  let playground: Playground

  const git = (...args: string[]) => {
    const ran = spawnSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], {
      cwd: playground.folder,
      encoding: 'utf8',
    })
    if (ran.status !== 0) throw new Error(`git ${args.join(' ')}: ${ran.stderr}`)
    return ran.stdout
  }
  const idIn = (out: string) => /^Change request created: (esc-draft\/app\/dev\/[0-9a-f]{8})$/m.exec(out)?.[1] as string
  const leftovers = () => readdirSync(join(playground.folder, 'tmp'))

  beforeEach(async () => {
    playground = await new Playground().withEnvironment('app/dev', 'values:\n  a: 1\n')
    git('init', '--quiet', '--initial-branch', 'main')
    git('add', 'environments')
    git('commit', '--quiet', '-m', 'store')
  })
  afterEach(() => playground.remove())

  it('are branches of git: made, changed, opened and merged; the store itself stays as it is', async () => {
    const before = playground.digest()
    const out = await playground.ok('env', 'set', 'app/dev', 'token', 'hunter2-hunter2', '--secret', '--draft')
    const id = idIn(out)
    expect(out).to.equal(`Change request created: ${id}\nChange request URL: \nChange request submitted\n`)
    expect(await playground.ok('env', 'set', 'app/dev', 'a', '2', `--draft=${id}`)).to.equal(
      'Change request updated\nChange request URL: \n',
    )
    expect(playground.digest()).to.equal(before)
    expect(git('status', '--porcelain', 'environments')).to.equal('')
    expect(leftovers()).to.deep.equal([])
    expect(git('worktree', 'list').trim().split('\n')).to.have.length(1)
    expect(git('log', '--format=%s', `main..${id}`)).to.equal('esc env set app/dev\nesc env set app/dev\n')
    expect(git('show', `${id}:environments/app/dev/environment.yaml`)).to.not.include('hunter2')

    expect(JSON.parse(await playground.ok('open', 'app/dev', '--draft', id))).to.deep.equal({
      a: 2,
      token: 'hunter2-hunter2',
    })
    expect(JSON.parse(await playground.ok('open', 'app/dev'))).to.deep.equal({ a: 1 })
    const ran = await playground.run(['run', '--draft', id, 'app/dev', 'echo', '${a}'])
    expect(ran.out).to.equal('2\n')
    git('merge', '--quiet', id)
    expect(JSON.parse(await playground.ok('open', 'app/dev', 'a'))).to.equal(2)
    expect(leftovers()).to.deep.equal([])
  })

  it('can hold an edit, a rollback and a provider', async () => {
    const edited = await playground.run(['env', 'edit', 'app/dev', '-f', '-', '--draft'], { input: 'values: {b: 1}\n' })
    expect(edited.code, edited.err).to.equal(0)
    expect(JSON.parse(await playground.ok('open', 'app/dev', '--draft', idIn(edited.out)))).to.deep.equal({ b: 1 })
    const role = 'arn:aws:iam::123456789012:role/deploy'
    const provider = idIn(await playground.ok('env', 'provider', 'aws-login', 'oidc', 'app/dev', role, 'ci', '--draft'))
    expect(git('show', `${provider}:environments/app/dev/environment.yaml`)).to.include(role)
    const back = idIn(await playground.ok('env', 'version', 'rollback', 'app/dev@1', '--draft'))
    expect(await playground.ok('open', 'app/dev', '--draft', back)).to.equal('')
    expect(readFileSync(join(playground.store, 'app', 'dev', 'environment.yaml'), 'utf8')).to.equal('values:\n  a: 1\n')
  })

  it('leave nothing behind when the change is refused', async () => {
    const branches = git('branch')
    const ran = await playground.run(['env', 'set', 'app/dev', 'b', '${nope}', '--draft'])
    expect(ran.code).to.equal(1)
    expect(ran.err).to.include('unknown property "nope"')
    expect(git('branch')).to.equal(branches)
    expect(leftovers()).to.deep.equal([])
  })

  it('say where a review is asked for, if the hosting is known', async () => {
    git('remote', 'add', 'origin', 'git@github.com:acme/config.git')
    const out = await playground.ok('env', 'set', 'app/dev', 'a', '2', '--draft')
    expect(out).to.include(`Change request URL: https://github.com/acme/config/compare/${idIn(out)}?expand=1\n`)
  })

  it('need a git repository, a commit that has the environment, and a branch that exists', async () => {
    const missing = await playground.run(['env', 'set', 'app/dev', 'a', '2', '--draft=nope'])
    expect(missing.err).to.include("getting environment draft definition: there is no branch 'nope'")
    await playground.withEnvironment('app/new', 'values: {}\n')
    const fresh = await playground.run(['env', 'set', 'app/new', 'a', '2', '--draft'])
    expect(fresh.err).to.include("creating environment draft: environment 'app/new' is not in the last commit")
    expect(leftovers()).to.deep.equal([])
    const other = await new Playground().withEnvironment('app/dev', 'values: {}\n')
    try {
      const ran = await other.run(['env', 'set', 'app/dev', 'a', '2', '--draft'])
      expect(ran.code).to.equal(1)
      expect(ran.err).to.include('is in no git repository, and a draft is a branch of one')
    } finally {
      other.remove()
    }
    const clear = await playground.run(['env', 'edit', 'app/dev', '--show-secrets', '--draft=main'])
    expect(clear.err).to.include('--show-secrets is not supported for updating drafts')
  })
})
