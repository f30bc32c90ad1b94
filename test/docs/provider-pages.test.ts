import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect } from 'chai'
import { type EvaluationHost, evaluateEnvironment } from '../../src/evaluate/index.ts'
import { type SchemaRow, schemaRows } from '../../src/operations/index.ts'
import { loadProvider, type Provider, providerNames } from '../../src/providers/index.ts'
import { loadRotator, rotatorNames } from '../../src/rotators/index.ts'
import type { Schema } from '../../src/schema/index.ts'

// UPDATE_SNAPSHOTS=1 writes the generated part of each page anew, and leaves what is written by
// hand.

const folder = new URL('../../docs/providers/', import.meta.url)
const begin = '<!-- made of the schemas: UPDATE_SNAPSHOTS=1 npx mocha test/docs/provider-pages.test.ts -->'
const end = '<!-- from here on by hand -->'

function generated({ name, description, example = '', inputs, outputs }: Provider): string {
  return [
    `# ${name}\n\n${begin}\n\n${description}\n`,
    `\`\`\`yaml\n${example}\`\`\`\n`,
    `## Inputs\n\n${tableOf(inputs)}`,
    `## Outputs\n\n${tableOf(outputs)}`,
    `${end}\n`,
  ].join('\n')
}

function tableOf(schema: Schema): string {
  const rows = schemaRows(schema)
  if (rows.length > 0) return `| Name | Type | |\n|---|---|---|\n${rows.map(rowOf).join('')}`
  const { type = 'any value', secret = false } = typeof schema === 'object' ? schema : {}
  return `${secret ? `A secret ${type}` : `${type[0]?.toUpperCase()}${type.slice(1)}`}.\n`
}

function rowOf({ path, type, required, secret, notes }: SchemaRow): string {
  const name = `\`${path}\`${required ? ' (required)' : ''}`
  // In a page, brackets of a pattern would make a link.
  const note = notes.join('; ').replace(/matches (\S+)/g, 'matches `$1`')
  const cells = [name, secret ? `${type}, secret` : type, note]
  return `| ${cells.map((each) => each.replaceAll('|', '\\|')).join(' | ')} |\n`
}

/** A host in which nothing is opened. */
const checking: EvaluationHost = {
  load: async (name) => Promise.reject(new Error(`no environment ${name}`)),
  provider: async (name) => ({ ...(await loadProvider(name)), open: () => Promise.reject(new Error('opened')) }),
  rotator: async (name) => {
    const { inputs, outputs, state } = await loadRotator(name)
    const refuse = () => Promise.reject(new Error('called'))
    return { inputs, outputs, state, open: refuse, rotate: refuse }
  },
}

async function mistakesIn(text: string): Promise<string[]> {
  const unlock = () => Promise.reject(new Error('nothing is encrypted'))
  const { diagnostics } = await evaluateEnvironment({ name: 'example', text, mode: 'check', unlock }, checking)
  return diagnostics.map(({ path, summary }) => `${path}: ${summary}`)
}

describe('docs/providers', () => {
  it('has a page for each provider, and no other', () => {
    const pages = readdirSync(folder).filter((name) => name !== 'README.md')
    expect(pages.sort()).to.deep.equal(providerNames.map((name) => `${name}.md`).sort())
    const list = readFileSync(new URL('README.md', folder), 'utf8')
    for (const name of providerNames) expect(list).to.include(`[${name}](${name}.md)`)
  })

  for (const name of providerNames) {
    it(`${name}.md says what the schemas say, and what may be needed and go wrong`, async () => {
      const file = new URL(`${name}.md`, folder)
      const wanted = generated(await loadProvider(name))
      const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
      const byHand = text.includes(end) ? text.slice(text.indexOf(end) + end.length + 1) : ''
      if (process.env.UPDATE_SNAPSHOTS) {
        mkdirSync(folder, { recursive: true })
        writeFileSync(file, `${wanted}${byHand}`)
      } else expect(text.slice(0, text.length - byHand.length)).to.equal(wanted)
      expect(byHand)
        .to.match(/\n## Permissions\n\n\S/)
        .and.to.match(/\n## Errors\n\n\S/)
    })
  }
})

describe('examples', () => {
  for (const name of providerNames) {
    it(`that of ${name} uses it, and has no mistake`, async () => {
      const { example = '' } = await loadProvider(name)
      expect(example).to.include(`fn::open::${name}:`)
      expect(await mistakesIn(example)).to.deep.equal([])
    })
  }
  for (const name of rotatorNames) {
    it(`that of the rotator ${name} uses it, and has no mistake`, async () => {
      const { example = '' } = await loadRotator(name)
      expect(example).to.include(`fn::rotate::${name}:`)
      expect(await mistakesIn(example)).to.deep.equal([])
    })
  }
})
