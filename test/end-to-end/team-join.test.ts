import { generateIdentity } from 'age-encryption'
import { expect } from 'chai'
import { eachTestHasTeam, type Person, pulls, type Team } from './team.ts'

describe('somebody who joins a team', function () {
  this.timeout(180_000)
  let team: Team
  eachTestHasTeam((made) => {
    team = made
  })

  const recipientOf = async (person: Person) =>
    JSON.parse((await person.esc(['access', 'join', '--output', 'json'])).out).recipient as string

  for (const how of pulls) {
    it(`needs one command, as does whoever lets them in, and nobody is asked about the key (${how})`, async () => {
      const ada = await team.join('ada')
      ada.commitAll('store')
      ada.push()
      const grace = await team.join('grace')
      const mine = JSON.parse((await ada.esc(['access', 'join', '--output', 'json'])).out)
      const hers = JSON.parse((await grace.esc(['access', 'join', '--output', 'json'])).out)
      ada.write(
        'age-recipients.txt',
        `# ${mine.principal}\n${mine.recipient}\n# ${hers.principal}\n${hers.recipient}\n`,
      )
      await ada.ok('env', 'init', 'app/dev', '--secrets-provider', 'age://')
      await ada.ok('env', 'set', 'app/dev', 'token', 's3cret', '--secret')
      ada.commitAll('base')
      ada.push()
      expect(grace.pull(how)).to.equal(true)
      await grace.open('app/dev')

      const bob = await team.join('bob')
      expect((await bob.esc(['env', 'open', 'app/dev'])).err).to.include('esc access join')
      const said = await bob.ok('access', 'join')
      const words = /^ {2}esc (access add bob@example\.com age1\S+)$/m.exec(said)?.[1]?.split(' ') as string[]
      bob.write('notes.txt', 'before I was let in')
      bob.commitAll('unrelated')

      await ada.ok(...words, '--yes', '--commit')
      expect(ada.git('status', '--porcelain')).to.equal('')
      ada.push()
      expect(bob.pull(how)).to.equal(true)
      const opened = await bob.esc(['env', 'open', 'app/dev'])
      expect([opened.code, opened.err, JSON.parse(opened.out)]).to.deep.equal([0, '', { token: 's3cret' }])
      await bob.ok('env', 'set', 'app/dev', 'more', '1', '--commit')
      bob.push()
      expect(grace.pull(how)).to.equal(true)
      const noted = await grace.esc(['env', 'open', 'app/dev'])
      expect(noted.code, noted.err).to.equal(0)
      expect(noted.err).to.include(`added: ${words[3]}`)
      expect((await ada.esc(words.concat('--yes'))).out).to.include('app/dev: was done already')
      expect(await grace.ok('access', 'explain', 'app/dev')).to.include('bob@example.com')
    })
  }

  for (const how of pulls) {
    it(`is asked once per commit where the data keys themselves were changed meanwhile (${how})`, async () => {
      const ada = await team.join('ada')
      ada.write('age-recipients.txt', `# ada\n${await recipientOf(ada)}\n`)
      for (const name of ['app/dev', 'app/prod']) {
        await ada.ok('env', 'init', name, '--secrets-provider', 'age://')
        await ada.ok('env', 'set', name, 'token', name, '--secret')
      }
      ada.commitAll('base')
      ada.push()
      const bob = await team.join('bob')
      expect((await bob.esc(['env', 'open', 'app/dev'])).code).to.not.equal(0)
      expect((await bob.esc(['env', 'open', 'app/prod'])).code).to.not.equal(0)
      bob.write('notes.txt', 'unrelated')
      bob.commitAll('unrelated')
      await ada.ok('access', 'add', 'bob@example.com', await recipientOf(bob), '--yes')
      for (const name of ['app/dev', 'app/prod']) await ada.ok('env', 'change-secrets-provider', name, 'age://')
      ada.commitAll('new keys')
      ada.push()
      expect(bob.pull(how)).to.equal(true)
      expect((await bob.esc(['env', 'open', 'app/dev'])).err).to.include('another data key than this machine has seen')
      const left = await bob.esc(['env', 'trust', '--all'])
      expect([left.code, left.out]).to.deep.equal([1, 'Not accepted: app/dev, app/prod\n'])
      const trusted = await bob.ok('env', 'trust', '--all', '--yes')
      expect(trusted.split(' by ada <ada@example.com>: new keys\n')).to.have.length(2)
      for (const name of ['app/dev', 'app/prod']) expect(await bob.open(name)).to.deep.equal({ token: name })
    })
  }

  it('is told by git where two were let in at the same time, and both are after the one command again', async () => {
    const ada = await team.join('ada')
    ada.commitAll('store')
    ada.push()
    const grace = await team.join('grace')
    for (const person of [ada, grace]) person.env.ESC_AGE_IDENTITY = await generateIdentity()
    ada.write(
      'age-recipients.txt',
      `# ada@example.com\n${await recipientOf(ada)}\n# grace@example.com\n${await recipientOf(grace)}\n`,
    )
    await ada.ok('env', 'init', 'app/dev', '--secrets-provider', 'age://')
    await ada.ok('env', 'set', 'app/dev', 'token', 's3cret', '--secret')
    ada.commitAll('base')
    ada.push()
    expect(grace.pull('merge')).to.equal(true)
    await grace.open('app/dev')
    const [bob, carol] = [await team.join('bob'), await team.join('carol')]
    for (const person of [bob, carol]) person.env.ESC_AGE_IDENTITY = await generateIdentity()
    const adding = ['access', 'add', 'bob@example.com', await recipientOf(bob), '--yes', '--commit']
    await ada.ok(...adding)
    await grace.ok('access', 'add', 'carol@example.com', await recipientOf(carol), '--yes', '--commit')
    ada.push()
    expect(grace.pull('merge')).to.equal(false)
    // Both added lines at the end of the list, and both locked the same data key again.
    grace.git('checkout', '--theirs', '--', 'environments')
    grace.git('add', '--all')
    grace.git('commit', '--quiet', '--no-edit')
    await grace.ok('access', 'add', 'carol@example.com', await recipientOf(carol), '--yes', '--commit')
    grace.push()
    for (const person of [bob, carol, ada]) {
      expect(person.pull('merge')).to.equal(true)
      expect(await person.open('app/dev')).to.deep.equal({ token: 's3cret' })
    }
  })
})
