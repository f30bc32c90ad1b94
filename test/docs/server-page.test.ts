import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { parseAllDocuments } from 'yaml'
import ServerStart from '../../src/cli/commands/server/start.ts'

const page = readFileSync(new URL('../../docs/server.md', import.meta.url), 'utf8')
const blocks = (kind: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${kind}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text]) => text ?? '')

describe('the page on the server', () => {
  it('shows examples that are YAML', () => {
    const examples = blocks('yaml').flatMap((text) => parseAllDocuments(text, { uniqueKeys: true }))
    for (const { errors } of examples) expect(errors).to.deep.equal([])
    expect(examples).to.not.have.length(0)
  })

  it('starts the server with flags that there are', () => {
    const flags = [...Object.keys(ServerStart.flags), 'store']
    const starts = [...page.matchAll(/esc,? server,? start(.*)/g)].map(([, words]) => words ?? '')
    expect(starts.length).to.be.greaterThan(2)
    for (const [, flag] of starts.join(' ').matchAll(/--([a-z-]+)/g)) expect(flags).to.include(flag)
  })

  it('shows a unit whose lines are sections and settings', () => {
    const [unit = ''] = blocks('ini')
    for (const line of unit.split('\n').filter((text) => text !== '')) expect(line).to.match(/^(?:\[\w+\]|\w+=\S.*)$/)
  })
})
