import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { eachTestHasTeam, type Person, pulls, type Team } from './team.ts'

describe('a commit that the program makes, in the clones of others', function () {
  this.timeout(120_000)
  let team: Team
  let ada: Person
  eachTestHasTeam((made) => {
    team = made
  })
  beforeEach(async () => {
    ada = await team.join('ada')
  })

  const changed = (person: Person) => person.git('status', '--porcelain', '--untracked-files=all')

  it('has the store and every revision that the new one was made from, also those that nobody had committed', async () => {
    await ada.ok('env', 'init', 'app/dev')
    await ada.ok('env', 'set', 'app/dev', 'a', '1')
    await ada.ok('env', 'tag', 'app/dev', 'team', 'platform')
    await ada.ok('env', 'set', 'app/dev', 'token', 's3cret', '--secret', '--commit')
    ada.push()
    const bob = await team.join('bob')
    expect(bob.git('ls-files').split('\n')).to.include.members([
      'environments/.gitattributes',
      'environments/.gitignore',
      'environments/app/dev/environment.yaml',
      'environments/app/dev/revisions/1.yaml',
      'environments/app/dev/revisions/3.yaml',
      'environments/app/dev/settings.yaml',
      'environments/esc.yaml',
    ])
    expect(await bob.open('app/dev')).to.deep.equal({ a: 1, token: 's3cret' })
    // Another environment that the command did not touch is not part of it.
    expect(changed(ada))
      .to.match(/^\?\? environments\/default\/first/m)
      .and.not.include('app/dev')
  })

  it('has the credentials of rotations that were not committed', async () => {
    const rotator = 'values: {key: {fn::rotate::password: {inputs: {length: 20}}}}\n'
    writeFileSync(join(team.folder, 'rotator.yaml'), rotator)
    await ada.ok('env', 'init', 'ci/db', '--file', join(team.folder, 'rotator.yaml'))
    await ada.ok('env', 'rotate', 'ci/db', '--yes')
    const { key } = (await ada.open('ci/db')) as { key: unknown }
    await ada.ok('env', 'tag', 'ci/db', 'team', 'platform', '--commit')
    ada.push()
    const bob = await team.join('bob')
    expect(await bob.open('ci/db', 'key')).to.deep.equal(key)
    expect(bob.git('ls-files')).to.include('ci/db/events/rotations.jsonl')
  })

  it('leaves edits of the settings of the store, strays, and what is staged alone', async () => {
    await ada.ok('env', 'set', 'default/first', 'a', '1', '--commit')
    appendFileSync(ada.path('esc.yaml'), '# at work here\n')
    writeFileSync(ada.path('default/first/revisions/3.yaml.orig'), 'x')
    writeFileSync(join(ada.clone, 'notes'), 'x')
    ada.git('add', 'notes')
    await ada.ok('env', 'set', 'default/first', 'a', '2', '--commit')
    expect(changed(ada).trim().split('\n')).to.deep.equal([
      'M environments/esc.yaml',
      'A  notes',
      '?? environments/default/first/revisions/3.yaml.orig',
    ])
  })

  it('is refused where git would leave out a part of it, and says why', async () => {
    ada.commitAll('base')
    const refused = async (why: string) => {
      const { code, err } = await ada.esc(['env', 'set', 'default/first', 'a', String(Math.random()), '--commit'])
      expect(code, err).to.equal(1)
      expect(err).to.include('the change was saved, but not committed to git').and.include(why)
    }
    const exclude = join(ada.clone, '.git', 'info', 'exclude')
    for (const rule of ['revisions/', '*.yaml', 'environments/default/first/revisions/*']) {
      writeFileSync(exclude, `${rule}\n`)
      await refused('git ignores default/first/revisions')
    }
    writeFileSync(exclude, '')
    for (const flag of ['assume-unchanged', 'skip-worktree']) {
      ada.git('update-index', `--${flag}`, 'environments/default/first/settings.yaml')
      await refused('git was told to overlook changes of default/first/settings.yaml')
      ada.git('update-index', `--no-${flag}`, 'environments/default/first/settings.yaml')
    }
    await ada.ok('env', 'set', 'default/first', 'a', 'last', '--commit')
    expect(changed(ada)).to.equal('')
  })

  it('never holds an edit by hand that was not saved', async () => {
    await ada.ok('env', 'set', 'default/first', 'a', '1')
    ada.write('default/first/environment.yaml', 'values: {clear: {fn::secret: in-the-clear}}\n')
    const { code, err } = await ada.esc(['env', 'tag', 'default/first', 'team', 'platform', '--commit'])
    expect(code, err).to.equal(1)
    expect(err).to.include('holds an edit that was not saved').and.include('esc env discard default/first')
    expect(ada.tryGit('rev-parse', '--verify', '--quiet', 'HEAD')).to.equal(false)
    await ada.ok('env', 'discard', 'default/first')
    ada.commitAll('base')
    ada.write('default/first/environment.yaml', 'values: {clear: {fn::secret: in-the-clear}}\n')
    await ada.ok('env', 'tag', 'default/first', 'team', 'other', '--commit')
    expect(ada.git('show', '--name-only', '--format=', 'HEAD').trim()).to.equal(
      'environments/default/first/settings.yaml',
    )
  })

  for (const how of pulls) {
    it(`with a gap in the history is opened by nobody, whatever they have seen (${how})`, async () => {
      // Without a key there is no seal.
      await ada.ok('env', 'init', 'app/plain')
      await ada.ok('env', 'init', 'app/sealed')
      await ada.ok('env', 'set', 'app/sealed', 'token', 's3cret', '--secret')
      ada.commitAll('base')
      ada.push()
      const bob = await team.join('bob')
      const names = ['app/plain', 'app/sealed']
      for (const name of names) await bob.ok('env', 'open', name)
      for (const name of names) for (const value of ['1', '2']) await ada.ok('env', 'set', name, 'a', value)
      ada.git('add', '--all')
      for (const [name, missing] of [
        ['app/plain', 2],
        ['app/sealed', 3],
      ] as const) {
        ada.git('rm', '--quiet', '--cached', `environments/${name}/revisions/${missing}.yaml`)
      }
      ada.git('commit', '--quiet', '--message', 'by hand, without some')
      ada.push()
      expect(bob.pull(how)).to.equal(true)
      for (const name of names) {
        for (const words of [
          ['env', 'open', name],
          ['env', 'get', name],
          ['env', 'set', name, 'b', '1'],
          ['run', name, 'true'],
        ]) {
          const { code, err } = await bob.esc(words)
          expect(code, `${words.join(' ')}: ${err}`).to.equal(1)
          expect(err).to.include(`of environment '${name}' is missing, though there are newer ones`)
        }
      }
      expect((await bob.esc(['check', '--without-keys'])).code).to.equal(1)
      // A fresh clone has seen nothing.
      rmSync(join(team.folder, 'bob'), { recursive: true })
      const eve = await team.join('eve')
      expect((await eve.esc(['env', 'open', 'app/sealed'])).code).to.equal(1)
      ada.commitAll('the others')
      ada.push()
      expect(eve.pull(how)).to.equal(true)
      expect(await eve.open('app/sealed')).to.deep.equal({ a: 2, token: 's3cret' })
    })
  }
})
