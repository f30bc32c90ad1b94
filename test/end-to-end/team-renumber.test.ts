import { expect } from 'chai'
import { eachTestHasTeam, type Person, pulls, type Team } from './team.ts'

describe('revisions of one number that two people have made', function () {
  this.timeout(180_000)
  let team: Team
  let ada: Person
  let bob: Person
  let eve: Person
  eachTestHasTeam((made) => {
    team = made
  })
  beforeEach(async () => {
    ada = await team.join('ada')
    await ada.ok('env', 'init', 'app/dev')
    await ada.ok('env', 'set', 'app/dev', 'token', 'first', '--secret')
    ada.commitAll('base')
    ada.push()
    bob = await team.join('bob')
    eve = await team.join('eve')
    for (const person of [bob, eve]) await person.open('app/dev')
  })

  const set = async (person: Person, path: string, value: string) => {
    await person.ok('env', 'set', 'app/dev', path, value)
    person.commitAll(`set ${path}`)
  }
  const at = async (person: Person, number: number) =>
    (await person.ok('env', 'open', `app/dev@${number}`)).replace(/\s/g, '')

  /** Pulls into a conflict, and renumbers until git is content. Returns what was printed. */
  async function pullAndRenumber(person: Person, how: 'merge' | 'rebase'): Promise<string> {
    expect(person.pull(how)).to.equal(false)
    let said = ''
    for (let stop = 0; ; stop++) {
      said += await person.ok('env', 'renumber')
      if (how === 'merge') {
        person.git('commit', '--quiet', '--no-edit')
        return said
      }
      if (person.tryGit('rebase', '--continue')) return said
      if (stop === 5) throw new Error('the rebase does not end')
    }
  }

  for (const how of pulls) {
    it(`keep the number that is published, also on the machine that gives way (${how})`, async () => {
      await set(ada, 'a', '1')
      await set(ada, 'a', '2')
      await ada.ok('env', 'version', 'tag', 'app/dev@mine', '4')
      ada.commitAll('tag')
      await set(bob, 'b', '1')
      await bob.ok('env', 'version', 'tag', 'app/dev@his', '3')
      bob.commitAll('tag')
      bob.push()
      await eve.ok('status')
      expect(eve.pull(how)).to.equal(true)
      expect(await at(eve, 3)).to.equal('{"b":1,"token":"first"}')
      const published = bob.read('app/dev/revisions/3.yaml')

      const said = await pullAndRenumber(ada, how)
      expect(said).to.include('your revisions: 3 is now 4').and.not.include('their revisions')
      expect(ada.read('app/dev/revisions/3.yaml')).to.equal(published)
      expect(await ada.open('app/dev')).to.deep.equal({ a: 2, b: 1, token: 'first' })
      expect(await at(ada, 3)).to.equal('{"b":1,"token":"first"}')
      expect(await at(ada, 4)).to.equal('{"a":1,"token":"first"}')
      expect(await ada.open('app/dev@mine')).to.deep.equal({ a: 2, token: 'first' })
      expect((await ada.esc(['check'])).code).to.equal(0)
      ada.push()

      // Nobody else notices more than new revisions.
      for (const person of [bob, eve]) {
        expect(person.pull(how)).to.equal(true)
        const { code, out, err } = await person.esc(['env', 'open', 'app/dev'])
        expect([code, JSON.parse(out), err]).to.deep.equal([0, { a: 2, b: 1, token: 'first' }, ''])
        expect(await at(person, 3)).to.equal('{"b":1,"token":"first"}')
        expect(await person.ok('env', 'open', 'app/dev@his')).to.include('"b"')
        expect((await person.esc(['check'])).code).to.equal(0)
      }
    })
  }

  it('are told once to the machine that has seen them, and to no other', async () => {
    await set(ada, 'a', '1')
    await ada.open('app/dev')
    await set(bob, 'b', '1')
    bob.push()
    await pullAndRenumber(ada, 'merge')
    const first = await ada.esc(['env', 'open', 'app/dev'])
    expect(first.err).to.include('revision 3 is now 4, and app/dev@3 is another one')
    expect((await ada.esc(['env', 'open', 'app/dev'])).err).to.equal('')
  })

  it('are refused before the merge is finished, with the command that puts them together', async () => {
    await set(ada, 'a', '1')
    ada.push()
    await set(bob, 'b', '1')
    expect(bob.pull('merge')).to.equal(false)
    const { code, out, err } = await bob.esc(['env', 'get', 'app/dev@3'])
    expect([code, out]).to.deep.equal([1, ''])
    expect(err)
      .to.match(/3\.yaml.* unfinished git merge/)
      .and.include('with "esc env renumber"')
  })

  it('come back as they were when the merge is given up', async () => {
    await set(ada, 'a', '1')
    await set(bob, 'b', '1')
    bob.push()
    expect(ada.pull('merge')).to.equal(false)
    await ada.ok('env', 'renumber')
    expect(await ada.open('app/dev')).to.deep.equal({ a: 1, b: 1, token: 'first' })
    ada.git('merge', '--abort')
    const { code, err, out } = await ada.esc(['env', 'open', 'app/dev'])
    expect([code, JSON.parse(out), err]).to.deep.equal([0, { a: 1, token: 'first' }, ''])
  })

  it('keep the number of the main line when a branch that is published too merges it', async () => {
    eve.git('checkout', '--quiet', '-b', 'feature')
    await set(eve, 'e', '1')
    eve.git('push', '--quiet', '--set-upstream', 'origin', 'feature')
    bob.git('fetch', '--quiet')
    bob.git('checkout', '--quiet', 'feature')
    await bob.open('app/dev')
    await set(ada, 'a', '1')
    ada.push()
    expect(eve.tryGit('pull', '--quiet', '--no-rebase', '--no-edit', 'origin', 'main')).to.equal(false)
    const said = await eve.ok('env', 'renumber')
    expect(said).to.include('your revisions: 3 is now 4').and.include('may be on a remote already')
    eve.git('commit', '--quiet', '--no-edit')
    eve.git('push', '--quiet')
    // Who has seen the other revision 3 on that branch is told, and sees no alarm.
    bob.git('pull', '--quiet')
    const opened = await bob.esc(['env', 'open', 'app/dev'])
    expect([opened.code, JSON.parse(opened.out)]).to.deep.equal([0, { a: 1, e: 1, token: 'first' }])
    expect(opened.err).to.include('revision 3 is now 4')
    expect((await bob.esc(['env', 'open', 'app/dev'])).err).to.equal('')
    expect(await at(ada, 3)).to.include('"a":1')
  })

  it('keep the number of what was pulled from an address that is no remote', async () => {
    await set(ada, 'a', '1')
    await set(bob, 'b', '1')
    expect(ada.tryGit('pull', '--quiet', '--no-rebase', '--no-edit', bob.clone, 'main')).to.equal(false)
    expect(await ada.ok('env', 'renumber')).to.include('your revisions: 3 is now 4')
  })

  it('keep the number of the present branch where no side is published', async () => {
    ada.git('checkout', '--quiet', '-b', 'idea')
    await set(ada, 'a', '1')
    ada.git('checkout', '--quiet', 'main')
    await set(ada, 'b', '1')
    expect(ada.tryGit('merge', '--quiet', '--no-edit', 'idea')).to.equal(false)
    expect(await ada.ok('env', 'renumber')).to.include('their revisions: 3 is now 4')
  })

  it('are named where another environment refers to them by number', async () => {
    await set(ada, 'a', '1')
    ada.write('pinned.yaml', 'imports: [app/dev@3]\n')
    await ada.ok('env', 'init', 'app/prod', '--file', ada.path('pinned.yaml'))
    await set(ada, 'a', '2')
    await set(bob, 'b', '1')
    bob.push()
    expect(ada.pull('merge')).to.equal(false)
    const said = await ada.ok('env', 'renumber')
    expect(said).to.include('app/prod refers to app/dev@3: if your revision is meant, write app/dev@4 there')
  })

  it('raise the alarm where no sealed record says that they were renumbered', async () => {
    await set(bob, 'b', '1')
    const seen = bob.read('app/dev/revisions/3.yaml')
    bob.push()
    expect(eve.pull('merge')).to.equal(true)
    await eve.open('app/dev')
    // Somebody with the key makes another revision 3, and puts it in the place of the first.
    await set(ada, 'a', '1')
    ada.git('push', '--quiet', '--force', 'origin', 'HEAD:main')
    eve.git('fetch', '--quiet')
    eve.git('reset', '--quiet', '--hard', 'origin/main')
    const other = await eve.esc(['env', 'open', 'app/dev'])
    expect(other.code).to.equal(1)
    expect(other.err).to.include("revision 3 of environment 'app/dev' is not the one this machine has seen before")
    // A record that nobody with the key has sealed proves nothing.
    const { createHash } = await import('node:crypto')
    const digest = (text: string) => `sha256:${createHash('sha256').update(text).digest('base64url')}`
    const third = eve.read('app/dev/revisions/3.yaml')
    const forged = third
      .replace('revision: 3', `revision: 4\norigin: ${digest(seen)}\nrenumbered: 3`)
      .replace(/previous: .*/, `previous: ${digest(third)}`)
    eve.write('app/dev/revisions/4.yaml', forged)
    const { code, err } = await eve.esc(['env', 'open', 'app/dev'])
    expect(code).to.equal(1)
    expect(err).to.include('the seal of revision 4')
    // And nothing of it was remembered.
    eve.git('clean', '--quiet', '--force', '-d')
    expect((await eve.esc(['env', 'open', 'app/dev'])).err).to.include('is not the one this machine has seen before')
    eve.write('app/dev/revisions/4.yaml', forged)
    await eve.esc(['env', 'version', 'history', 'app/dev'], { ESC_KEY: undefined })
    eve.git('clean', '--quiet', '--force', '-d')
    expect((await eve.esc(['env', 'open', 'app/dev'])).err).to.include('is not the one this machine has seen before')
  })
})
