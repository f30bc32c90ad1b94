import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { commitChange } from '../../src/store/index.ts'
import { Repository } from './git-repository.ts'
import { author, by, created, save } from './worlds.ts'

describe('committing a change to git', () => {
  let repository: Repository
  beforeEach(async () => {
    repository = new Repository()
    await repository.init().additions.create('app/dev', by)
    writeFileSync(join(repository.folder, 'notes.txt'), 'one\n')
    repository.commit('base')
  })
  afterEach(() => repository.remove())

  const environment = () => repository.store.environment('app/dev')
  const commit = (message = 'set a in app/dev') =>
    commitChange({ folder: repository.store.folder, paths: [environment().folder], message })

  it('takes what the change has written, new files and all', async () => {
    await save(environment(), 'a: enc:one\n')
    const outcome = await commit()
    expect(outcome).to.deep.equal({ kind: 'committed', commit: repository.git('rev-parse', 'HEAD').trim() })
    expect(repository.git('show', '--format=%s', '--name-only', 'HEAD')).to.equal(
      'set a in app/dev\n\nenvironments/app/dev/environment.yaml\nenvironments/app/dev/revisions/2.yaml\nenvironments/app/dev/settings.yaml\n',
    )
    expect(repository.git('status', '--porcelain')).to.equal('')
    expect(await commit()).to.deep.equal({ kind: 'unchanged' })
  })

  it('never touches what else is staged, changed or new', async () => {
    writeFileSync(join(repository.folder, 'notes.txt'), 'two\n')
    repository.git('add', 'notes.txt')
    writeFileSync(join(repository.folder, 'notes.txt'), 'three\n')
    writeFileSync(join(repository.folder, 'new.txt'), 'new\n')
    await save(environment(), 'a: enc:one\n')
    expect((await commit()).kind).to.equal('committed')
    expect(repository.git('status', '--porcelain')).to.equal('MM notes.txt\n?? new.txt\n')
    expect(repository.git('show', ':notes.txt')).to.equal('two\n')
    expect(repository.git('show', 'HEAD:notes.txt')).to.equal('one\n')
  })

  it('takes what is gone, as after a removal', async () => {
    await repository.store.removal.remove('app/dev', { author, removed: created })
    const { folder } = repository.store
    const paths = [join(folder, 'app', 'dev'), join(folder, '.removed'), join(folder, 'never-was')]
    expect((await commitChange({ folder, paths, message: 'remove app/dev' })).kind).to.equal('committed')
    expect(repository.git('status', '--porcelain')).to.equal('')
    expect(repository.git('ls-files')).to.contain('.removed/').and.not.contain('environments/app/')
  })

  it('warns, and leaves the change where it is, when git refuses', async () => {
    const hook = join(repository.folder, '.git', 'hooks', 'pre-commit')
    mkdirSync(join(repository.folder, '.git', 'hooks'), { recursive: true })
    writeFileSync(hook, '#!/bin/sh\necho "no commits on Fridays" >&2\nexit 1\n')
    chmodSync(hook, 0o755)
    await save(environment(), 'a: enc:one\n')
    const outcome = await commit()
    expect(outcome).to.include({
      kind: 'failed',
      warning: 'the change was saved, but not committed to git: no commits on Fridays',
    })
    expect(environment().current().number).to.equal(2)
  })

  it('warns in the middle of a merge, outside a work tree, and without git', async () => {
    repository.git('checkout', '--quiet', '-b', 'other')
    writeFileSync(join(repository.folder, 'notes.txt'), 'other\n')
    repository.commit('other')
    repository.git('checkout', '--quiet', 'main')
    writeFileSync(join(repository.folder, 'notes.txt'), 'main\n')
    repository.commit('main')
    expect(repository.tryGit('merge', 'other')).to.equal(false)
    await save(environment(), 'a: enc:one\n')
    const merging = await commit()
    expect(merging.kind).to.equal('failed')
    expect(merging.kind === 'failed' && merging.warning).to.contain('partial commit during a merge')
    expect(readFileSync(join(repository.folder, 'notes.txt'), 'utf8')).to.contain('<<<<<<<')
    const outside = await commitChange({ folder: '/', paths: ['/proc'], message: 'x' })
    expect(outside.kind === 'failed' && outside.warning).to.contain('not a git repository')
    const runGit = async () => ({ status: undefined, stdout: Buffer.alloc(0), stderr: 'git cannot be run: ENOENT' })
    const without = await commitChange({ folder: '/', paths: ['/x'], message: 'x', runGit })
    expect(without.kind === 'failed' && without.warning).to.contain('git cannot be run')
  })
})
