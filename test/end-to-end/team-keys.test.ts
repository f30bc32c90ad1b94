import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { expect } from 'chai'
import { eachTestHasTeam, type Person, pulls, type Team } from './team.ts'

describe('somebody with keys of several teams', function () {
  this.timeout(180_000)
  let team: Team
  eachTestHasTeam((made) => {
    team = made
  })

  const keyFile = (person: Person) => join(person.config, 'default.key')
  const keyLine = (text: string) => text.match(/^esc-key-v1:.*$/m)![0]

  for (const how of pulls) {
    it(`keeps them all in one key file, and each environment is opened with its own (${how})`, async () => {
      const ada = await team.join('ada')
      await ada.ok('env', 'set', 'default/first', 'token', 's3cret', '--secret')
      ada.commitAll('base')
      ada.push()
      const bob = await team.join('bob')
      const shared = keyLine(readFileSync(keyFile(ada), 'utf8'))
      // Bob has had a key before he got that of the team.
      const own = keyLine(await ownKey(bob))
      writeFileSync(keyFile(bob), `# mine\n${own}\n`, { mode: 0o600 })
      const refused = await bob.esc(['env', 'open', 'default/first'])
      expect(refused.code).to.equal(1)
      expect(refused.err)
        .to.match(/is encrypted with key [0-9a-f]{16}, but .*default\.key holds key [0-9a-f]{16}/)
        .and.include('add the line of the key with that id to')
        .and.include('keep the lines that are there')
      appendFileSync(keyFile(bob), `# the team's\n${shared}\n`)
      expect(await bob.open('default/first')).to.deep.equal({ token: 's3cret' })

      await bob.ok('env', 'init', 'bob/own')
      await bob.ok('env', 'set', 'bob/own', 'mine', 'yes', '--secret')
      await ada.ok('env', 'set', 'default/first', 'more', '1')
      ada.commitAll('more')
      ada.push()
      bob.commitAll('own')
      expect(bob.pull(how)).to.equal(true)
      await bob.ok('env', 'rewrap', '--all')
      expect(bob.git('status', '--porcelain')).to.include('settings.yaml')
      bob.commitAll('wrapped again')
      bob.push()
      expect(await bob.open('bob/own')).to.deep.equal({ mine: 'yes' })
      expect(await bob.open('default/first')).to.deep.equal({ more: 1, token: 's3cret' })
      // Each was wrapped with the key that it was under.
      expect(ada.pull(how)).to.equal(true)
      expect(await ada.open('default/first')).to.deep.equal({ more: 1, token: 's3cret' })
      expect((await ada.esc(['env', 'open', 'bob/own'])).err).to.include(`is encrypted with key ${own.split(':')[1]}`)
      expect(readFileSync(keyFile(bob), 'utf8')).to.equal(`# mine\n${own}\n# the team's\n${shared}\n`)
    })
  }

  /** The text of a key file that this person's esc makes by itself. */
  async function ownKey(person: Person): Promise<string> {
    const config = join(team.folder, 'another')
    const store = join(team.folder, 'elsewhere')
    for (const words of [
      ['init', store],
      ['env', 'init', 'a/b', '--store', store],
      ['env', 'set', 'a/b', 'c', 'd', '--secret', '--store', store],
    ]) {
      const ran = await person.esc(words, { ESC_CONFIG_HOME: config })
      expect(ran.code, ran.err).to.equal(0)
    }
    expect(existsSync(join(config, 'default.key'))).to.equal(true)
    return readFileSync(join(config, 'default.key'), 'utf8')
  }

  it('opens with a good age identity, whatever unusable ones lie beside it', async () => {
    const ada = await team.join('ada')
    const identity = await generateIdentity()
    const damaged = (await generateIdentity()).slice(0, -3)
    ada.env.SOPS_AGE_KEY = damaged
    ada.env.SOPS_AGE_KEY_FILE = join(team.folder, 'nowhere')
    ada.env.SOPS_AGE_KEY_CMD = `cat ${join(team.folder, 'keys.txt')}`
    const ssh = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----'
    writeFileSync(join(ada.config, 'age-identity.txt'), `${damaged}\n${ssh}\n`, { mode: 0o600 })
    writeFileSync(join(team.folder, 'keys.txt'), `${ssh}\n${identity}\n`)
    await ada.ok('env', 'init', 'app/dev', '--secrets-provider', `age://${await identityToRecipient(identity)}`)
    await ada.ok('env', 'set', 'app/dev', 'token', 's3cret', '--secret')
    ada.commitAll('base')
    ada.push()
    const bob = await team.join('bob')
    Object.assign(bob.env, ada.env)
    expect(await bob.open('app/dev')).to.deep.equal({ token: 's3cret' })
    bob.env.SOPS_AGE_KEY_CMD = undefined
    const { code, err } = await bob.esc(['env', 'open', 'app/dev'])
    expect(code).to.equal(1)
    expect(err).to.include('cannot use the age identity of').and.not.include(damaged.slice(16))
  })
})
