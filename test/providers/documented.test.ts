import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { providerNames } from '../../src/providers/index.ts'
import { Playground, packageRoot } from '../cli/commands/esc.ts'

const folder = join(packageRoot, 'test', 'language', 'cases', 'providers')
/** Those that the hosted service has not. */
const ours = ['bitwarden-secrets', 'command', 'env', 'file', 'kubernetes-secrets', 'sops']

describe('a definition as the documentation of the hosted service has them', function () {
  this.timeout(60_000)
  let esc: Playground
  before(async () => {
    // What is said about the first secret of a store is said here.
    esc = await new Playground().withEnvironment('app/first', 'values: {a: {fn::secret: x}}')
  })
  after(() => esc.remove())

  const cases = readdirSync(folder).map((file) => file.replace(/\.yaml$/, ''))
  const textOf = (name: string) => readFileSync(join(folder, `${name}.yaml`), 'utf8')

  it('is there for each of its providers', () => {
    const texts = cases.map(textOf).join('\n')
    const missing = providerNames.filter((name) => !texts.includes(`fn::open::${name}:`))
    expect(missing).to.deep.equal(ours)
  })

  it('is told from one with a mistake', async () => {
    const wrong = textOf('aws-secrets').replace('secretId: shop/api-key', 'secret: shop/api-key')
    const made = await esc.run(['env', 'init', 'documented/wrong', '--file', '-'], { input: wrong })
    expect(made.code).not.to.equal(0)
    expect(made.err).to.include('secretId')
  })

  for (const name of cases) {
    it(`saves and checks unchanged: ${name}`, async () => {
      const definition = textOf(name)
      const environment = `documented/${name}`
      const made = await esc.run(['env', 'init', environment, '--file', '-'], { input: definition })
      expect(made, made.err).to.include({ code: 0, err: '' })
      const saved = readFileSync(join(esc.store, environment, 'environment.yaml'), 'utf8')
      expect(saved.replace(/fn::secret:\s+ciphertext: \S+\n/g, 'fn::secret: …\n')).to.equal(withoutSecrets(definition))
      const checked = await esc.run(['env', 'get', environment])
      expect(checked, checked.err).to.include({ code: 0, err: '' })
    })
  }
})

function withoutSecrets(definition: string): string {
  return definition.replace(/fn::secret: (?:\|\n(?: {12}.*\n)+|.*\n)/g, 'fn::secret: …\n')
}
