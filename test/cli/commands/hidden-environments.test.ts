import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

describe('env ls under access rules', () => {
  const esc = new Playground()
  before(async () => {
    for (const name of ['app/dev', 'app/prod', 'team/shared']) await esc.withEnvironment(name, 'values: {}\n')
    appendFileSync(
      join(esc.store, 'esc.yaml'),
      'access: {rules: [{environments: "*", principals: ada@example.com, level: admin}, {environments: app/dev, principals: bob, level: read}]}\n',
    )
  })
  after(() => esc.remove())
  const asBob = (...words: string[]) => esc.run(['env', 'ls', ...words], { env: { ESC_PRINCIPAL: 'bob' } })

  it('says how many more environments the rules hide, and from whom', async () => {
    expect(await asBob()).to.deep.equal({
      code: 0,
      out: 'app/dev\n',
      err: "note: 2 more environments are hidden: the access rules do not let 'bob' see them\n",
    })
    expect((await asBob('--project', 'app')).err).to.match(/^note: 1 more environment is hidden: /)
  })

  it('says so in the JSON', async () => {
    expect(JSON.parse((await asBob('--output', 'json')).out)).to.deep.equal({ environments: ['app/dev'], hidden: 2 })
  })

  it('says nothing to those from whom nothing is hidden', async () => {
    expect(await esc.run(['env', 'ls'])).to.deep.equal({ code: 0, out: 'app/dev\napp/prod\nteam/shared\n', err: '' })
    expect(JSON.parse(await esc.ok('env', 'ls', '--output', 'json'))).not.to.have.property('hidden')
    expect((await asBob('--organization', 'elsewhere')).err).to.equal('')
  })
})
