import { stripVTControlCharacters } from 'node:util'
import { expect } from 'chai'
import { highlighted } from '../../../src/cli/terminal/index.ts'
import { Playground } from './esc.ts'

const DEFINITION = `# the application
values:
  region: eu-west-1 # Ireland
  token: {fn::secret: not-a-real-token}
  count: 3
  "quoted: key": "a # b"
`

describe('env get and env diff at a terminal', () => {
  const esc = new Playground()
  const terminal = { stdoutIsTerminal: true, columns: 80 }
  const shown = async (...words: string[]) => (await esc.run(words, { io: terminal })).out
  const plain = async (...words: string[]) => (await esc.run(words, { io: terminal, env: { NO_COLOR: '1' } })).out
  before(async () => {
    await esc.withEnvironment('app/dev', DEFINITION)
    await esc.ok('env', 'set', 'app/dev', 'count', '4')
  })
  after(() => esc.remove())

  it('have headings and no Markdown', async () => {
    const page = await plain('env', 'get', 'app/dev')
    expect(page)
      .to.match(/^Value\n {2}\{\n {4}"count": 4,\n/)
      .and.to.match(/\n\nDefinition\n {2}# the application\n {2}values:\n/)
    for (const words of [
      ['env', 'get', 'app/dev'],
      ['env', 'get', 'app/dev', 'region'],
      ['env', 'diff', 'app/dev@2', '@3'],
    ]) {
      const out = await plain(...words)
      expect(out, words.join(' ')).to.not.match(/```|^# (?:Value|Definition|Defined|Imports)/m)
      expect(out)
        .to.match(/^Value\n/)
        .and.to.include('\n\nDefinition\n')
    }
    expect(await plain('env', 'get', 'app/dev', 'region')).to.match(/\n\nDefined at\n {2}dev:3:11\n$/)
    expect(await plain('env', 'diff', 'app/dev@2', '@3')).to.include('\n  -  count: 3\n  +  count: 4\n')
  })

  it('name each of several environments without Markdown', async () => {
    await esc.withEnvironment('app/other', 'values: {}\n')
    const out = await plain('env', 'get', 'app/*')
    expect(out)
      .to.match(/^app\/dev\n=======\n\nValue\n/)
      .and.to.include('\n\napp/other\n=========\n\n')
    expect(await shown('env', 'get', 'app/*')).not.to.match(/^#/m)
  })

  it('show colour, and the same text without it', async () => {
    for (const words of [
      ['env', 'get', 'app/dev'],
      ['env', 'get', 'app/dev', 'region'],
      ['env', 'diff', 'app/dev@2', '@3'],
      ['env', 'diff', 'app/dev@2', '@3', '--format', 'json'],
    ]) {
      const out = await shown(...words)
      expect(out, words.join(' ')).to.include('\u001b[')
      expect(stripVTControlCharacters(out)).to.equal(await plain(...words))
    }
    const diff = await shown('env', 'diff', 'app/dev@2', '@3')
    expect(diff).to.include('\u001b[31m-  count: 3\u001b[39m').and.include('\u001b[32m+  count: 4\u001b[39m')
    const page = await shown('env', 'get', 'app/dev')
    expect(page).to.include('\u001b[36m"count"\u001b[39m: \u001b[33m4\u001b[39m')
    expect(page).to.include('\u001b[36mregion\u001b[39m: eu-west-1 \u001b[2m# Ireland\u001b[22m')
    expect(page).to.include('\u001b[36m"quoted: key"\u001b[39m: "a # b"\n')
  })

  it('stay Markdown where they are piped', async () => {
    expect(await esc.ok('env', 'get', 'app/dev'))
      .to.match(/^# Value\n```json\n/)
      .and.to.include('```\n# Definition\n```yaml\n')
    expect(await esc.ok('env', 'diff', 'app/dev@2', '@3')).to.match(/^# Value\n```diff\n/)
  })

  it('highlight a very long line in no time', async () => {
    const long = 'x"\'# '.repeat(40_000)
    const began = Date.now()
    for (const syntax of ['json', 'yaml', 'diff'] as const) highlighted(`key: ${long}\n${long}`, syntax)
    expect(Date.now() - began).to.be.lessThan(2000)
  })
})
