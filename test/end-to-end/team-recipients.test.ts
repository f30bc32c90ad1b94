import { generateIdentity, identityToRecipient } from 'age-encryption'
import { expect } from 'chai'
import { eachTestHasTeam, type Person, pulls, type Team } from './team.ts'

describe('a list of age recipients that was edited and not applied', function () {
  this.timeout(180_000)
  let team: Team
  eachTestHasTeam((made) => {
    team = made
  })

  async function withIdentity(name: string): Promise<{ readonly person: Person; readonly recipient: string }> {
    const person = await team.join(name)
    const identity = await generateIdentity()
    person.env.ESC_AGE_IDENTITY = identity
    return { person, recipient: await identityToRecipient(identity) }
  }

  for (const how of pulls) {
    it(`is said wherever the environment is opened, set or checked, on every machine, until it is applied (${how})`, async () => {
      const { person: ada, recipient: first } = await withIdentity('ada')
      ada.write('age-recipients.txt', `# ada\n${first}\n`)
      await ada.ok('env', 'init', 'app/dev', '--secrets-provider', 'age://')
      await ada.ok('env', 'set', 'app/dev', 'token', 's3cret', '--secret')
      ada.commitAll('base')
      ada.push()
      const { person: bob, recipient: second } = await withIdentity('bob')
      expect((await bob.esc(['env', 'open', 'app/dev'])).err).to.include(
        'is encrypted for other age recipients than yours',
      )
      bob.write('age-recipients.txt', `${ada.read('age-recipients.txt')}# bob\n${second}\n`)
      bob.commitAll('I am Bob')
      bob.push()
      const waiting = await bob.esc(['env', 'open', 'app/dev'])
      expect(waiting.code).to.not.equal(0)
      expect(waiting.err)
        .to.include('names your age recipient, but its data key was encrypted before that')
        .and.include('ask somebody who can open it to encrypt the key for you with "esc env rewrap app/dev"')

      expect(ada.pull(how)).to.equal(true)
      for (const words of [
        ['env', 'open', 'app/dev'],
        ['env', 'set', 'app/dev', 'a', '1'],
        ['check'],
        ['run', 'app/dev', 'true'],
        ['env', 'open', 'app/dev'],
      ]) {
        const { code, err } = await ada.esc(words)
        expect(code, `${words.join(' ')}: ${err}`).to.equal(0)
        expect(err, words.join(' ')).to.include("The age recipients of environment 'app/dev' were edited")
      }
      const explained = await ada.ok('access', 'explain', 'app/dev')
      expect(explained).to.include(`${second} is listed and cannot open it yet`).and.not.include(`${first} is`)
      const { unapplied } = JSON.parse((await ada.esc(['access', 'explain', 'app/dev', '--output', 'json'])).out)
      expect(unapplied).to.deep.equal({ added: [second], removed: [] })

      await ada.ok('env', 'rewrap', 'app/dev')
      expect((await ada.esc(['env', 'open', 'app/dev'])).err).to.equal('')
      expect(await ada.ok('access', 'explain', 'app/dev')).to.not.include('edited')
      ada.commitAll('for Bob')
      ada.push()
      expect(bob.pull(how)).to.equal(true)
      // This machine has tried to open it before, and could not: the key proves itself by the seal
      // of what was seen then.
      const opened = await bob.esc(['env', 'open', 'app/dev'])
      expect(opened.code, opened.err).to.equal(0)
      expect([JSON.parse(opened.out), opened.err]).to.deep.equal([{ a: 1, token: 's3cret' }, ''])
      bob.write('age-recipients.txt', `${second}\n`)
      const removal = await bob.ok('access', 'explain', 'app/dev')
      expect(removal)
        .to.include(`${first} is not listed any more and can still open it`)
        .and.include('change-secrets-provider app/dev age://')
    })
  }
})
