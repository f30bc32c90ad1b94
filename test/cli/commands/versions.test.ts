import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

const zone = ['--utc'] as const

describe('versions', () => {
  let playground: Playground

  const definition = () => readFileSync(join(playground.store, 'app', 'dev', 'environment.yaml'), 'utf8')
  const fails = async (...words: string[]) => {
    const ran = await playground.run(words)
    expect(ran.code, words.join(' ')).to.not.equal(0)
    return ran.err
  }

  beforeEach(async () => {
    playground = await new Playground().withEnvironment('app/dev', 'values:\n  a: 1\n')
    await playground.ok('env', 'set', 'app/dev', 'a', '2')
  })
  afterEach(() => playground.remove())

  it('are shown by number and by tag, and listed', async () => {
    expect(await playground.ok('env', 'version', 'app/dev@2', ...zone)).to.equal(
      'revision 2\nAuthor: Ada Lovelace <ada@example.com>\nDate:   2026-03-04 05:06:07 +0000 UTC\n',
    )
    expect(await playground.ok('env', 'version', 'tag', 'app/dev@stable', '@2')).to.equal('')
    expect(await playground.ok('env', 'version', 'app/dev@2', ...zone)).to.match(/^revision 2 \(tag: stable\)\n/)
    expect(await playground.ok('env', 'version', 'app/dev@stable', ...zone)).to.equal(
      'stable\nRevision 2\nLast updated at 2026-03-04 05:06:07 +0000 UTC by Ada Lovelace <ada@example.com>\n',
    )
    expect(await playground.ok('env', 'version', 'app/dev@latest', ...zone)).to.match(/^latest\nRevision 3\n/)
    expect(await playground.ok('env', 'version', 'tag', 'ls', 'app/dev', ...zone)).to.match(/│ stable │ {8}2 │/)
    expect(await playground.ok('open', 'app/dev@stable', 'a')).to.equal('1\n')
    await playground.ok('env', 'version', 'tag', 'rm', 'app/dev@stable')
    expect(await fails('open', 'app/dev@stable')).to.include("no revision tagged 'stable'")
  })

  it('need a version where one is meant', async () => {
    expect(await fails('env', 'version', 'app/dev')).to.include('Error: please specify a version\n')
    expect(await fails('env', 'version', 'tag', 'app/dev')).to.include('please specify a name for the tagged version')
    expect(await fails('env', 'version', 'tag', 'app/dev@3')).to.include('please specify a name for the tagged version')
    expect(await fails('env', 'version', 'tag', 'app/dev@x', '3x')).to.include('invalid revision number "3x"')
    expect(await fails('env', 'version', 'tag', 'app/dev@x', 'nope')).to.include('resolving tag "nope": ')
    expect(await fails('env', 'version', 'tag', 'rm', 'app/dev')).to.include(
      'please specify a tagged version to remove',
    )
    expect(await fails('env', 'version', 'tag', 'ls', 'app/dev@2')).to.include(
      'the ls command does not accept versions',
    )
    expect(await fails('env', 'version', 'rollback', 'app/dev')).to.include('please specify a version')
    expect(await fails('env', 'version')).to.include('accepts 1 arg(s), received 0')
  })

  it('are retracted with a reason and a replacement, and then refused, but shown', async () => {
    await playground.ok('env', 'set', 'app/dev', 'a', '3')
    await playground.ok('env', 'version', 'tag', 'app/dev@stable', '3')
    await playground.ok('env', 'version', 'retract', 'app/dev@3', '--reason', 'leaked', '--replace-with', '@2')
    const shown = await playground.ok('env', 'version', 'app/dev@3', ...zone)
    expect(shown).to.match(/^revision 3 \(retracted\)\n/)
    expect(shown).to.include('and replaced with revision 2.\n\n    leaked\n')
    const refused = await fails('open', 'app/dev@3')
    expect(refused).to.include("revision 3 of environment 'app/dev' is retracted: leaked")
    expect(refused).to.include('app/dev@2')
    expect(await playground.ok('open', 'app/dev@stable', 'a')).to.equal('1\n')
    expect(await fails('env', 'version', 'retract', 'app/dev@latest')).to.include(
      'cannot retract the `latest` revision',
    )
    expect(await fails('env', 'version', 'retract', 'app/dev@2', '--replace-with', 'app/other@2')).to.include(
      'cannot be replaced with one of app/other',
    )
    expect(await playground.ok('env', 'version', 'history', 'app/dev@3', ...zone)).to.match(/^revision 3 \(retracted\)/)
  })

  it('are gone back to with a new revision', async () => {
    expect(await playground.ok('env', 'version', 'rollback', 'app/dev@2')).to.equal('Environment updated.\n')
    expect(definition()).to.equal('values:\n  a: 1\n')
    const history = JSON.parse(await playground.ok('env', 'version', 'history', 'app/dev', '--output', 'json'))
    expect(history.revisions.map(({ number }: { number: number }) => number)).to.deep.equal([4, 3, 2, 1])
    expect(await playground.ok('env', 'version', 'rollback', 'app/dev@2')).to.equal('Environment unchanged.\n')
  })

  it('are not gone back to when what they refer to is gone', async () => {
    await playground.withEnvironment('app/base', 'values: {x: 1}\n')
    const edited = 'imports: [app/base]\nvalues:\n  a: ${x}\n'
    expect((await playground.run(['env', 'edit', 'app/dev', '-f', '-'], { input: edited })).code).to.equal(0)
    await playground.ok('env', 'set', 'app/dev', 'a', '1')
    await playground.ok('env', 'rm', 'app/base', 'x')
    const before = definition()
    const ran = await playground.run(['env', 'version', 'rollback', 'app/dev@4'])
    expect(ran.code).to.equal(1)
    expect(ran.err).to.include('Error: unknown property "x"\n\n  on app/dev line 3:\n')
    expect(ran.err).to.include('Error: could not roll back: too many errors\n')
    expect(definition()).to.equal(before)
  })

  describe('of an environment that rotates', () => {
    const rotating = 'values:\n  note: old # kept\n  admin:\n    fn::rotate::password:\n      inputs: {length: 24}\n'
    const admin = async (version = '') =>
      JSON.parse(await playground.ok('open', `app/rotating${version}`, 'admin')) as { current: string }

    beforeEach(async () => {
      await playground.withEnvironment('app/rotating', rotating)
      await playground.ok('env', 'rotate', 'app/rotating')
      await playground.ok('env', 'set', 'app/rotating', 'note', 'new')
      await playground.ok('env', 'rotate', 'app/rotating', '--force')
    })

    it('keep the present credentials, and say so', async () => {
      const present = await admin()
      expect((await admin('@3')).current).to.not.equal(present.current)
      const ran = await playground.run(['env', 'version', 'rollback', 'app/rotating@3'])
      expect(ran.code, ran.err).to.equal(0)
      expect(ran.out).to.equal('Environment updated.\n')
      expect(ran.err).to.equal('admin: keeps its present credential, not that of revision 3\n')
      expect(await admin()).to.deep.equal(present)
      expect(await playground.ok('open', 'app/rotating', 'note', '-f', 'string')).to.equal('old\n')
      const text = readFileSync(join(playground.store, 'app', 'rotating', 'environment.yaml'), 'utf8')
      expect(text).to.include('note: old # kept')
    })

    it('keep them when the revision had none yet', async () => {
      const present = await admin()
      await playground.ok('env', 'version', 'rollback', 'app/rotating@2')
      expect(await admin()).to.deep.equal(present)
    })

    it('keep the last ones of a rotator that has been away', async () => {
      const present = await admin()
      await playground.ok('env', 'rm', 'app/rotating', 'admin')
      const ran = await playground.run(['env', 'version', 'rollback', 'app/rotating@3'])
      expect(ran.err).to.include('admin: keeps its present credential')
      expect(await admin()).to.deep.equal(present)
    })

    it('say which credential is left behind', async () => {
      const more = `${rotating}  other:\n    fn::rotate::password: {inputs: {length: 9}}\n`
      await playground.run(['env', 'edit', 'app/rotating', '-f', '-'], { input: more })
      await playground.ok('env', 'rotate', 'app/rotating', 'other')
      const ran = await playground.run(['env', 'version', 'rollback', 'app/rotating@3'])
      expect(ran.code, ran.err).to.equal(0)
      expect(ran.err).to.match(/warning: other: revision 3 has no such rotator; .* stays in revision 7\n/)
    })

    it('bring back old credentials only when told twice', async () => {
      const old = await admin('@3')
      const before = readFileSync(join(playground.store, 'app', 'rotating', 'environment.yaml'), 'utf8')
      const refused = await fails('env', 'version', 'rollback', 'app/rotating@3', '--exact')
      expect(refused).to.include('revision 3 holds credentials that have been rotated since, and may be dead: admin')
      expect(refused).to.include('--force')
      expect(readFileSync(join(playground.store, 'app', 'rotating', 'environment.yaml'), 'utf8')).to.equal(before)
      await playground.ok('env', 'version', 'rollback', 'app/rotating@3', '--exact', '--force')
      expect(await admin()).to.deep.equal(old)
    })

    it('are cloned without credentials, with a warning', async () => {
      const ran = await playground.run(['env', 'clone', 'app/rotating', 'copy'])
      expect(ran.out).to.equal('Environment local/app/rotating cloned into local/app/copy.\n')
      expect(ran.err).to.match(/^warning: admin: cloned without its credential/)
      const text = readFileSync(join(playground.store, 'app', 'copy', 'environment.yaml'), 'utf8')
      expect(text).to.not.include('ciphertext')
      await playground.ok('env', 'rotate', 'app/copy')
      await playground.ok('env', 'clone', 'app/rotating', 'other/all', '--preserve-history')
      const revisions = readFileSync(join(playground.store, 'other', 'all', 'revisions', '3.yaml'), 'utf8')
      expect(revisions).to.not.include('ciphertext')
    })
  })

  it('are compared', async () => {
    expect(await playground.ok('env', 'diff', 'app/dev@2')).to.equal(
      '# Value\n```diff\n--- local/app/dev@2\n+++ local/app/dev@latest\n@@ -1,3 +1,3 @@\n {\n-  "a": 1\n+  "a": 2\n }\n\\ No newline at end of file\n\n```\n' +
        '# Definition\n```diff\n--- local/app/dev@2\n+++ local/app/dev@latest\n@@ -1,2 +1,2 @@\n values:\n-  a: 1\n+  a: 2\n\n```\n',
    )
    expect(await playground.ok('env', 'diff', 'app/dev@3')).to.equal('')
    expect(await playground.ok('env', 'diff', 'app/dev@2', '@3', '--path', 'a', '--format', 'json')).to.equal(
      '--- local/app/dev@2\n+++ local/app/dev@3\n@@ -1 +1 @@\n-1\n+2\n',
    )
    expect(await fails('env', 'diff', 'app/dev', '--format', 'yaml')).to.include('unknown output format "yaml"')
    expect(await fails('env', 'diff', 'app/dev', '--path', 'a[x')).to.include('invalid path: ')
  })

  it('are compared without showing secrets unless asked', async () => {
    await playground.ok('env', 'set', 'app/dev', 'token', 'hunter2-hunter2', '--secret')
    const hidden = await playground.ok('env', 'diff', 'app/dev@3')
    expect(hidden).to.include('"token": "[secret]"').and.not.include('hunter2-hunter2')
    expect(await playground.ok('env', 'diff', 'app/dev@3', '--show-secrets')).to.include('hunter2-hunter2')
  })
})
