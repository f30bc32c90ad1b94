import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { declaredAuthor, findAuthor } from '../../src/operations/session/author.ts'
import { runs } from '../sample.ts'

describe('findAuthor', () => {
  const folder = mkdtempSync(join(tmpdir(), 'esc-author-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  const env = { PATH: process.env.PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: '1' }

  it('takes ESC_AUTHOR', () => {
    const author = findAuthor({ ...env, ESC_AUTHOR: ' Ada Lovelace <ada@example.com> ' }, folder)
    expect(author).to.deep.equal({ name: 'Ada Lovelace', email: 'ada@example.com' })
    expect(findAuthor({ ...env, ESC_AUTHOR: 'Ada <>' }, folder)).to.deep.equal({ name: 'Ada', email: '' })
  })

  it('refuses an ESC_AUTHOR without an address', () => {
    expect(() => findAuthor({ ...env, ESC_AUTHOR: 'Ada' }, folder))
      .to.throw(/no.* name and an address/)
      .with.property('code', 'usage')
  })

  it('asks git, where the nearest configuration counts', () => {
    writeFileSync(join(folder, '.gitconfig'), '[user]\n\tname = Home\n\temail = home@example.com\n')
    const repository = join(folder, 'repository')
    mkdirSync(join(repository, '.git', 'objects'), { recursive: true })
    mkdirSync(join(repository, '.git', 'refs'))
    writeFileSync(join(repository, '.git', 'HEAD'), 'ref: refs/heads/main\n')
    writeFileSync(join(repository, '.git', 'config'), '[user]\n\tname = Near\n')
    expect(findAuthor(env, repository)).to.deep.equal({ name: 'Near', email: 'home@example.com' })
    expect(findAuthor({ ...env, GIT_AUTHOR_NAME: 'Env' }, repository)).to.deep.equal({
      name: 'Env',
      email: 'home@example.com',
    })
  })

  it('finds what git finds, however the file is written', () => {
    const home = join(folder, 'home')
    mkdirSync(home, { recursive: true })
    const own = { PATH: process.env.PATH, HOME: home, GIT_CONFIG_NOSYSTEM: '1' }
    const ask = (key: string) =>
      spawnSync('git', ['config', '--get', key], { cwd: home, env: own, encoding: 'utf8' }).stdout.replace(/\n$/, '')
    const line = fc.constantFrom(
      '[user]',
      ' [ User ] ',
      '[USER]  # mine',
      '[user "work"]',
      '[user] name = Same Line',
      '[core]',
      '[includeIf "gitdir:/x"]',
      'name = Ada',
      '\tName=Ada Lovelace  ',
      'name = "Quoted  Name"',
      'name = Ada # comment',
      'name = Ada \\',
      'email = ada@example.com',
      'EMAIL =ada@example.org',
      '# name = Nobody',
      '; email = nobody@example.com',
      'editor = vi',
      '',
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', '\r\n'), (lines, end) => {
        writeFileSync(join(home, '.gitconfig'), lines.map((each) => each + end).join(''))
        const [name, email] = [ask('user.name'), ask('user.email')]
        // What git cannot read is for git to complain about.
        fc.pre(spawnSync('git', ['config', '--list'], { cwd: home, env: own }).status === 0)
        expect(declaredAuthor(own, home)).to.deep.equal({ name, email })
      }),
      runs(60, 2000),
    )
  }).timeout(600_000)

  it('falls back to the user of the system', () => {
    const author = findAuthor({ PATH: '', HOME: '/nonexistent' }, folder)
    expect(author.name).to.be.a('string').and.not.equal('')
  })
})
