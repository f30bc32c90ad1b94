import { execFileSync } from 'node:child_process'
import { appendFileSync, chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { embedBareRepository } from '../git/hostile-repository.ts'
import { Program } from './program.ts'

const DEFINITION = 'values: {size: 1, admin: {fn::rotate::password: {inputs: {length: 20}}}}\n'

describe('a store whose repository somebody else wrote', function () {
  this.timeout(120_000)
  let program: Program
  let marker: string
  const git = (...args: string[]) => gitIn(program.folder, ...args)
  const gitIn = (cwd: string, ...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Eve', '-c', 'user.email=eve@example.com', ...args], {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  const script = (path: string) => {
    const file = join(program.folder, path)
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, `#!/bin/sh\necho ran >> '${marker}'\n`)
    chmodSync(file, 0o755)
    return file
  }
  const ran = () => {
    const answer = existsSync(marker)
    rmSync(marker, { force: true })
    return answer
  }

  before(function () {
    if (!Program.isBuilt()) this.skip()
  })
  beforeEach(async () => {
    program = new Program()
    marker = join(program.folder, 'tmp', 'marker')
    git('init', '--quiet', '--initial-branch', 'main')
    writeFileSync(join(program.folder, '.gitignore'), 'config/\ntmp/\n')
    await program.withEnvironment('app/dev', DEFINITION)
    await program.withEnvironment('app/prod', DEFINITION)
    git('add', '--all')
    git('commit', '--quiet', '--message', 'a store')
  })
  afterEach(() => program?.remove())

  const commands: readonly (readonly string[])[] = [
    ['env', 'set', 'app/dev', 'size', '2', '--commit'],
    ['env', 'set', 'app/dev', 'size', '3', '--draft'],
    ['env', 'get', 'app/dev', '--draft'],
    ['env', 'rotate', 'app/dev', '--commit'],
    ['env', 'renumber', 'app/dev'],
    ['env', 'trust', 'app/dev', '--yes'],
    ['scheduler', 'tick', '--commit'],
    ['scheduler', 'install', '--kind', 'cron'],
    ['env', 'open', 'app/dev'],
    ['env', 'ls'],
    ['status'],
    ['check'],
  ]

  it('runs nothing from a bare repository among the environments, whatever the command', async () => {
    const evil = script('tools/run-me')
    const configuration = `[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n\tfsmonitor = ${evil}\n\thooksPath = ${join(program.folder, 'tools')}\n`
    embedBareRepository(program.store, configuration)
    git('add', '--all', '--force')
    git('commit', '--quiet', '--message', 'a bare repository as content')
    for (const words of commands) {
      await program.esc(words)
      expect(ran(), words.join(' ')).to.equal(false)
    }
    appendFileSync(join(program.store, 'esc.yaml'), 'git: {commit: true}\n')
    git('commit', '--quiet', '--all', '--message', 'commits by itself')
    const set = await program.esc(['env', 'set', 'app/dev', 'size', '4'])
    expect(set.code, set.err).to.equal(0)
    expect(git('log', '-1', '--format=%s')).to.contain('esc env set app/dev')
    expect(ran()).to.equal(false)
    try {
      gitIn(program.store, 'status')
    } catch {}
    expect(ran(), 'plain git: the attack works no more').to.equal(true)
  })

  it('runs nothing that its configuration asks for, whatever the command', async () => {
    const evil = script('tools/run-me')
    script('tools/pre-commit')
    for (const [key, value] of [
      ['core.fsmonitor', evil],
      ['core.hooksPath', 'tools'],
      ['core.sshCommand', evil],
      ['core.editor', evil],
      ['filter.evil.clean', evil],
      ['filter.evil.smudge', evil],
      ['gpg.program', evil],
      ['diff.external', evil],
      ['credential.helper', `!${evil}`],
    ] as const)
      git('config', key, value)
    writeFileSync(join(program.folder, '.gitattributes'), '* filter=evil diff=evil merge=evil\n')
    for (const words of commands) {
      await program.esc(words)
      expect(ran(), words.join(' ')).to.equal(false)
    }
    expect(git('log', '--format=%s')).to.contain('esc env set app/dev')
    ran()
  })

  it('has its hooks run for a commit that the user asks for, and not for one that only the store asks for', async () => {
    script('.git/hooks/pre-commit')
    const asked = await program.esc(['env', 'set', 'app/dev', 'size', '2', '--commit'])
    expect(asked).to.include({ code: 0, err: '' })
    expect(ran()).to.equal(true)
    appendFileSync(join(program.store, 'esc.yaml'), 'git: {commit: true}\n')
    const byItself = await program.esc(['env', 'set', 'app/dev', 'size', '3'])
    expect(byItself.code).to.equal(0)
    expect(ran()).to.equal(false)
    expect(byItself.err).to.contain('warning: committed without hooks')
    expect(byItself.err).to.contain(`git config --global --add esc.trustedRepository ${program.folder}`)
    expect(git('log', '-1', '--format=%s')).to.contain('esc env set app/dev')
    gitIn(
      program.folder,
      'config',
      '--file',
      join(program.folder, '.gitconfig'),
      'esc.trustedRepository',
      program.folder,
    )
    const trusted = await program.esc(['env', 'set', 'app/dev', 'size', '4'])
    expect(trusted).to.include({ code: 0, err: '' })
    expect(ran()).to.equal(true)
  })

  it('pushes no lease to a repository that it brings along', async () => {
    const remote = join(program.store, 'evil.git')
    git('init', '--quiet', '--bare', remote)
    for (const hook of ['pre-receive', 'update', 'post-receive']) script(`environments/evil.git/hooks/${hook}`)
    appendFileSync(join(program.store, 'esc.yaml'), 'scheduler: {lease: {remote: evil.git}}\n')
    git('add', '--all', '--force')
    git('commit', '--quiet', '--message', 'a repository as content')
    const scheduled = await program.esc(['env', 'schedule', 'new', 'app/dev', '--cron', '0 3 * * *'])
    expect(scheduled.code, scheduled.err).to.equal(0)
    const ticked = await program.esc(['scheduler', 'tick'])
    expect(ticked.code).not.to.equal(0)
    expect(ticked.err).to.contain("scheduler.lease.remote in esc.yaml is 'evil.git'").and.contain('git remote add')
    expect(ran()).to.equal(false)
    git('remote', 'add', 'evil.git', './environments/evil.git')
    const again = await program.esc(['scheduler', 'tick'])
    expect(again.code).not.to.equal(0)
    expect(again.err).to.contain('inside the work tree')
    expect(ran()).to.equal(false)
  })

  it('is committed to through a link to it', async () => {
    const link = join(program.folder, 'tmp', 'link')
    execFileSync('ln', ['-s', program.store, link])
    const set = await program.esc(['--store', link, 'env', 'set', 'app/dev', 'size', '2', '--commit'])
    expect(set).to.include({ code: 0, err: '' })
    expect(git('log', '-1', '--format=%s')).to.contain('esc env set app/dev')
  })

  it('says what to do where git is needed and missing', async () => {
    const env = { PATH: join(program.folder, 'tmp') }
    for (const words of [
      ['env', 'set', 'app/dev', 'size', '2', '--draft'],
      ['env', 'set', 'app/dev', 'size', '2', '--commit'],
      ['env', 'renumber', 'app/dev'],
    ]) {
      const { code, err } = await program.esc(words, env)
      expect(code, words.join(' ')).not.to.equal(0)
      expect(err, words.join(' ')).to.contain('git is not installed, or not on the PATH')
    }
  })
})
