import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

describe('esc env prune', () => {
  const esc = new Playground()

  before(async () => {
    await esc.ok('init')
    const made = await esc.run(['env', 'init', 'app/dev', '--file', '-'], { input: 'values: {number: 1}\n' })
    expect(made.code, made.err).to.equal(0)
    for (let number = 3; number <= 9; number++) {
      await esc.ok('env', 'set', 'app/dev', 'number', String(number))
      await esc.ok('env', 'set', 'app/dev', 'token', `canary-${number}`, '--secret')
    }
  })
  after(() => esc.remove())

  const revisions = () => readdirSync(join(esc.store, 'app', 'dev', 'revisions'))
  const archives = () => revisions().filter((name) => name.endsWith('.archive'))

  it('says what it would do, in words and as JSON, and does nothing', async () => {
    const before = esc.digest(esc.store)
    const text = await esc.ok('env', 'prune', 'app/dev', '--keep', '4', '--dry-run')
    expect(text).to.match(
      /^Revisions 1 to 12 of environment 'app\/dev' would be packed into app\/dev\/revisions\/1-12-/,
    )
    expect(text).to.match(/Revisions and events: [\d.]+ kB, then [\d.]+ kB\.\n.*would get format version 2/)
    const json = JSON.parse(await esc.ok('env', 'prune', 'app/dev', '--keep', '4', '--dry-run', '--output', 'json'))
    expect(json).to.deep.include({ name: 'app/dev', packed: { first: 1, last: 12 }, newest: 16, verified: false })
    expect(json.before).to.be.above(json.after)
    expect(esc.digest(esc.store)).to.equal(before)
  })

  it('packs, and every revision opens, is compared and rolled back to as before', async () => {
    const history = await esc.ok('env', 'version', 'history', 'app/dev', '--pager', 'cat')
    const diff = await esc.ok('env', 'diff', 'app/dev@2', 'app/dev@15', '--show-secrets')
    const opened = await esc.ok('env', 'open', 'app/dev@6')
    const text = await esc.ok('env', 'prune', 'app/dev', '--keep', '4')
    expect(text).to.match(
      /^Revisions 1 to 12 of environment 'app\/dev' were packed into .*\n.*now .*\n.*has format version 2/,
    )
    expect(revisions()).to.have.members([...archives(), '13.yaml', '14.yaml', '15.yaml', '16.yaml'])
    expect(archives()).to.have.lengthOf(1)
    expect(await esc.ok('env', 'version', 'history', 'app/dev', '--pager', 'cat')).to.equal(history)
    expect(await esc.ok('env', 'diff', 'app/dev@2', 'app/dev@15', '--show-secrets')).to.equal(diff)
    expect(await esc.ok('env', 'open', 'app/dev@6')).to.equal(opened)
    await esc.ok('env', 'version', 'tag', 'app/dev@old', '@5')
    expect(await esc.ok('env', 'open', 'app/dev@old', 'number')).to.equal('4\n')
    await esc.ok('env', 'version', 'rollback', 'app/dev@3')
    expect(await esc.ok('env', 'open', 'app/dev', 'number')).to.equal('3\n')
    expect(await esc.ok('check')).to.include('nothing is wrong')
    expect(await esc.ok('env', 'prune', 'app/dev', '--keep', '10')).to.match(/^Nothing to pack/)
  })

  it('writes who has packed what to the audit log', async () => {
    const log = await esc.ok('audit', 'log', 'app/dev', '--event', 'environment-pruned', '--output', 'json')
    const lines = JSON.parse(log) as { result: string; details?: { packed: string } }[]
    expect(lines.map(({ result }) => result)).to.include('done')
    expect(lines.flatMap(({ details }) => details?.packed ?? [])).to.include('1-12')
  })

  it('holds no secret in the clear, in an archive neither', () => {
    for (const name of revisions()) {
      const bytes = readFileSync(join(esc.store, 'app', 'dev', 'revisions', name))
      expect(bytes.includes('canary'), name).to.equal(false)
    }
  })

  it('refuses what nobody can mean', async () => {
    for (const [words, message] of [
      [[], /not said which revisions/],
      [['--keep', '1'], /the newest 2 revisions always keep files/],
      [['--keep', '-3'], /the newest 2 revisions always keep files/],
      [['--older-than', 'yesterday'], /older-than/],
    ] as const) {
      const { code, err } = await esc.run(['env', 'prune', 'app/dev', ...words])
      expect(code, err).not.to.equal(0)
      expect(err).to.match(message)
    }
    expect((await esc.run(['env', 'prune', 'app/dev@3', '--keep', '2'])).code).not.to.equal(0)
  })

  it('reads an archive of a later format, or a damaged one, with an error that says what to do', async () => {
    const file = join(esc.store, 'app', 'dev', 'revisions', archives()[0] as string)
    appendFileSync(file, 'x')
    const opened = await esc.run(['env', 'open', 'app/dev@2'])
    expect(opened.err).to.include(archives()[0]).and.include('restore the file from the git history')
    expect(await esc.ok('env', 'open', 'app/dev', 'number')).to.equal('3\n')
    const checked = await esc.run(['check'])
    expect(checked.code).not.to.equal(0)
    expect(checked.out).to.include(archives()[0])
  })
})
