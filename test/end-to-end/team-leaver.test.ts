import { generateIdentity, identityToRecipient } from 'age-encryption'
import { expect } from 'chai'
import { eachTestHasTeam, pulls, type Team } from './team.ts'

describe('somebody who leaves a team', function () {
  this.timeout(180_000)
  let team: Team
  eachTestHasTeam((made) => {
    team = made
  })

  for (const how of pulls) {
    it(`can use no credential that was rotated, and is known by those that were not, until the command is run again (${how})`, async () => {
      const [ada, bob] = [await team.join('ada'), await team.join('bob')]
      const recipients: string[] = []
      for (const person of [ada, bob]) {
        person.env.ESC_AGE_IDENTITY = await generateIdentity()
        recipients.push(await identityToRecipient(person.env.ESC_AGE_IDENTITY))
      }
      ada.write('age-recipients.txt', `# ada\n${recipients[0]}\n# bob\n${recipients[1]}\n`)
      ada.write(
        'definition.yaml',
        'values:\n  admin: {fn::rotate::password: {inputs: {length: 20}}}\n  other: {fn::rotate::password: {inputs: {length: 20}}}\n',
      )
      await ada.ok('env', 'init', 'ci/db', '--secrets-provider', 'age://', '--file', ada.path('definition.yaml'))
      await ada.ok('env', 'rotate', 'ci/db')
      await ada.ok('env', 'rotate', 'ci/db', 'admin')
      ada.commitAll('base')
      ada.push()
      expect(bob.pull(how)).to.equal(true)
      const known = (await bob.open('ci/db')) as Record<'admin' | 'other', { readonly current: string }>

      const words = ['access', 'remove', 'bob', '--rotate', '--yes', '--commit']
      const first = await ada.esc(words)
      expect(first.code, first.out + first.err).to.equal(3)
      expect(first.out)
        .to.include('ci/db: admin (password: NOT rotated)')
        .and.include('ci/db: other (password: rotated;')
      expect(ada.git('status', '--porcelain', 'environments/ci')).to.equal('')
      const hint = /at once: "esc ([^"]+)"/.exec(first.out)?.[1]?.split(' ') as string[]
      // A colleague's change comes in between.
      const grace = await team.join('grace')
      grace.write('notes.txt', 'hello')
      grace.commitAll('unrelated')
      grace.push()
      expect(ada.pull(how)).to.equal(true)
      await ada.ok(...hint, '--commit')
      const finished = await ada.esc(words)
      expect(finished.err).to.include("nothing names 'bob'")
      ada.push()

      const now = (await ada.open('ci/db')) as typeof known
      expect(now.admin.current).to.not.equal(known.admin.current)
      expect(now.other.current).to.not.equal(known.other.current)
      expect(bob.pull(how)).to.equal(true)
      expect((await bob.esc(['env', 'open', 'ci/db'])).code).to.not.equal(0)
      expect((await ada.esc(['check'])).code).to.equal(0)
    })
  }
})
