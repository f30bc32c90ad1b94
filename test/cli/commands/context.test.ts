import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Playground } from './esc.ts'

const text = `values:
  where: "\${context.currentEnvironment.name} in \${context.rootEnvironment.name}"
  who: "\${context.pulumi.user.login}@\${context.pulumi.organization.login}"
`

describe('the execution context', () => {
  let playground: Playground
  beforeEach(async () => {
    playground = new Playground()
    await playground.withEnvironment('base/common', text.replaceAll('where', 'below'))
    await playground.withEnvironment('app/dev', `imports: [base/common]\n${text}`)
  })
  afterEach(() => playground.remove())

  it('has the full names of environments when one is opened, run, looked at and imported', async () => {
    const opened = JSON.parse(await playground.ok('open', 'app/dev'))
    expect([opened.where, opened.below]).to.deep.equal(['app/dev in app/dev', 'base/common in app/dev'])
    expect(await playground.ok('env', 'get', 'app/dev', 'where', '--value', 'string')).to.equal('app/dev in app/dev\n')
    expect(await playground.ok('env', 'get', 'app/dev', 'below', '--value', 'string')).to.equal(
      'base/common in app/dev\n',
    )
    expect(await playground.ok('run', 'app/dev', '--', 'printf', '%s', '${where}')).to.equal('app/dev in app/dev')
  })

  it('has them when a definition is saved, and when an environment is rotated', async () => {
    const checked = `values:
  name: {fn::validate: {schema: {const: app/strict}, value: "\${context.currentEnvironment.name}"}}
  pw: {fn::rotate::password: {inputs: {length: {fn::validate: {schema: {const: 20}, value: 20}}}}}
`
    await playground.withEnvironment('app/strict', checked)
    await playground.ok('env', 'rotate', 'app/strict')
    expect(JSON.parse(await playground.ok('open', 'app/strict')).name).to.equal('app/strict')
    const wrong = join(playground.folder, 'wrong.yaml')
    writeFileSync(wrong, checked.replace('app/strict', 'strict'))
    expect((await playground.run(['env', 'edit', 'app/strict', '--file', wrong])).code).not.to.equal(0)
  })

  it('has who opens and for which organization, also when somebody else opens it next', async () => {
    const who = async (name: string) =>
      JSON.parse((await playground.run(['open', 'app/dev'], { env: { ESC_PRINCIPAL: name } })).out).who
    expect([await who('ada'), await who('grace'), await who('ada')]).to.deep.equal([
      'ada@local',
      'grace@local',
      'ada@local',
    ])
  })
})
