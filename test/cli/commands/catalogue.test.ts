import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { providerNames } from '../../../src/providers/index.ts'
import { rotatorNames } from '../../../src/rotators/index.ts'
import { Playground } from './esc.ts'

const plugin = `export default { contract: 1, rotators: [], providers: [{
  name: 'shop', description: 'Prices of the shop.', inputs: { type: 'object' }, outputs: { type: 'string' },
  async open() { return 'x' },
}] }`

describe('esc providers and esc rotators', () => {
  let playground: Playground
  beforeEach(() => {
    playground = new Playground()
  })
  afterEach(() => playground.remove())

  it('list all that is built in, where there is no store', async () => {
    for (const [command, names] of [
      ['providers', providerNames],
      ['rotators', rotatorNames],
    ] as const) {
      const lines = (await playground.ok(command)).trimEnd().split('\n').slice(1)
      expect(lines.map((line) => line.split(' ')[0])).to.deep.equal(names)
      const listed = JSON.parse(await playground.ok(command, '--output', 'json'))[command]
      expect(listed.map(({ name }: { name: string }) => name)).to.deep.equal(names)
      for (const each of listed) expect(each).to.include.keys('description', 'from', 'inputs', 'outputs', 'example')
    }
  })

  it('show what one takes and gives, and how it is used', async () => {
    const shown = await playground.ok('providers', '--schema', 'aws-secrets')
    expect(shown).to.match(/^aws-secrets: Secrets of AWS Secrets Manager\.\n/)
    expect(shown).to.match(/^login\.secretAccessKey +string, secret +yes/m)
    expect(shown).to.match(/^get\.\*\.versionStage +string +default AWSCURRENT/m)
    expect(shown).to.match(/^Example:\nvalues:\n[\s\S]*fn::open::aws-secrets:\n/m)
    expect(await playground.ok('providers', '--schema', 'vault-login')).to.match(
      /^jwt +object +one of jwt, token, approle, userpass/m,
    )
    const json = JSON.parse(await playground.ok('rotators', '--schema', 'postgres', '--output', 'json'))
    expect(json).to.nested.include({ name: 'postgres', from: 'esc', 'inputs.properties.rotateUsers.type': 'object' })
    expect(json).to.have.property('state')
  })

  it('name what was meant', async () => {
    const { code, err } = await playground.run(['providers', '--schema', 'aws-secret'])
    expect(code).to.equal(1)
    expect(err).to.include('unknown provider "aws-secret"').and.include('did you mean "aws-secrets"?')
  })

  it('say why there is none of a name that people look for', async () => {
    const { code, err } = await playground.run(['rotators', '--schema', 'github-token'])
    expect(code).to.equal(1)
    expect(err).to.include('unknown rotator "github-token"').and.include('gh-login')
  })

  it('list what plugins of the store bring, once they are allowed', async () => {
    await playground.ok('init')
    const folder = join(playground.folder, 'node_modules', 'esc-provider-shop')
    mkdirSync(folder, { recursive: true })
    const about = { name: 'esc-provider-shop', type: 'module', exports: './index.js' }
    writeFileSync(join(folder, 'package.json'), JSON.stringify(about))
    writeFileSync(join(folder, 'index.js'), plugin)
    appendFileSync(join(playground.store, 'esc.yaml'), 'plugins: [esc-provider-shop]\n')
    expect((await playground.run(['providers'])).err).to.include('esc trust')
    await playground.ok('trust', '--yes')
    expect(await playground.ok('providers')).to.match(/^shop +plugin +Prices of the shop\.$/m)
  })
})
