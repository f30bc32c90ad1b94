import { expect } from 'chai'
import { parse } from 'yaml'
import { Playground } from './esc.ts'

describe('open for other readers', () => {
  let playground: Playground
  before(async () => {
    playground = await new Playground().withEnvironment(
      'app/dev',
      `values:
  pem: "-----BEGIN CERTIFICATE-----\\nabc\\n-----END CERTIFICATE-----\\n"
  time: "1:30"
  environmentVariables:
    A: "it's \\"x\\""
    B: pa$$$word
    C: 'C:\\dir\\'
    D: "two\\nlines"
    E: "it's"
`,
    )
  })
  after(() => playground.remove())

  it('--format yaml: a text of several lines that was opened by its path is indented', async () => {
    const yaml = await playground.ok('open', 'app/dev', 'pem', '--format', 'yaml')
    expect(yaml).to.equal('|\n   -----BEGIN CERTIFICATE-----\n   abc\n   -----END CERTIFICATE-----\n')
    expect(parse(await playground.ok('open', 'app/dev', 'time', '--format', 'yaml'), { version: '1.1' })).to.equal(
      '1:30',
    )
  })

  it('--format dotenv: quotes as most readers take them, and warnings about the others', async () => {
    for (const words of [
      ['open', 'app/dev', '--format', 'dotenv'],
      ['env', 'get', 'app/dev', '--value', 'dotenv'],
    ]) {
      const ran = await playground.run(words)
      expect(ran.out).to.equal(`A="it's \\"x\\""\nB='pa$$word'\nD='two\nlines'\nE="it's"\nC='C:\\dir\\'\n`)
      expect(ran.err).to.equal(
        'warning: environmentVariables.A is read as another value by npm dotenv, node --env-file and dotenvx\n' +
          'warning: environmentVariables.C is read as another value by python-dotenv\n',
      )
    }
  })
})
