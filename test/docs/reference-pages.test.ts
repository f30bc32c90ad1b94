import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { providerNames } from '../../src/providers/index.ts'
import { rotatorNames } from '../../src/rotators/index.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const page = (name: string) => readFileSync(join(root, 'docs', name), 'utf8')

/** First cells of the tables below a heading of a page, or of the whole page. */
function firstCells(text: string): string[] {
  return [...text.matchAll(/^\| (?!---)([^|\n]+) \|/gm)].map(([, cell = '']) => cell.trim())
}

/** Names in code marks in the first cells. */
const codesIn = (text: string) =>
  firstCells(text).flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string))

function section(text: string, heading: string): string {
  const begin = text.indexOf(`\n${heading}\n`)
  const level = /^#+/.exec(heading)?.[0].length ?? 1
  const next = text.slice(begin + heading.length + 2).search(new RegExp(`^#{1,${level}} `, 'm'))
  return next === -1 ? text.slice(begin) : text.slice(begin, begin + heading.length + 2 + next)
}

const sorted = (names: Iterable<string | undefined>) => [...names].sort()

describe('the reference', () => {
  it('has each error code exactly once', () => {
    const source = readFileSync(join(root, 'src/errors.ts'), 'utf8')
    const [union = ''] = /export type ErrorCode =[\s\S]*?\n\n/.exec(source) ?? []
    const codes = [...union.matchAll(/\| '(\w+)'/g)].map(([, code]) => code)
    expect(sorted(codesIn(page('errors.md')))).to.deep.equal(sorted(codes)).and.not.to.be.empty
  })

  it('has each provider exactly once', () => {
    const names = [...page('providers/README.md').matchAll(/\[([\w-]+)\]\(([\w-]+)\.md\)/g)].map(([, name]) => name)
    expect(sorted(names)).to.deep.equal(sorted(providerNames))
  })

  it('has each rotator exactly once in its list', () => {
    const [list = ''] = page('rotators.md').split('\n\nWhatever a rotator finds')
    const names = firstCells(list)
      .filter((cell) => cell !== 'Rotator')
      .flatMap((cell) => cell.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1').split(/, | and /))
    expect(sorted(names)).to.deep.equal(sorted(rotatorNames))
  })

  it('has each key of esc.yaml exactly once', () => {
    const read = sourcesOf('src').flatMap((text) =>
      [...text.matchAll(/(?:configuration|\bthis)\.get\('([a-zA-Z]+)'\)/g)].map(([, key]) => key as string),
    )
    const listed = codesIn(section(page('configuration.md'), '## esc.yaml'))
    // `access` and `allow` are read from the text.
    expect(sorted(listed)).to.deep.equal(sorted(new Set([...read, 'access', 'allow'])))
  })

  it('has each variable that is read or set exactly once', () => {
    const used = ['src', 'bin', 'integrations']
      .flatMap(sourcesOf)
      .flatMap((text) => text.match(/\bESC_[A-Z0-9_]*[A-Z0-9]\b/g) ?? [])
    const listed = codesIn(section(page('configuration.md'), '## Environment variables'))
      .filter((name) => name.startsWith('ESC_'))
      .map((name) => name.replace(/<[A-Z]+>$/, '*'))
    expect(sorted(listed)).to.deep.equal(sorted(new Set([...used.filter((name) => !OTHERS.has(name)), ...PREFIXES])))
  })
})

/** What only looks like a variable of a user, and why. */
const OTHERS = new Set([
  'ESC_BUILD_ID', // a constant of the build
  'ESC_PACKAGE', // a variable of a repository, in a workflow that is printed
  'ESC_SERVICE_USER', // a user of Snowflake in an example
  'ESC_VAULT_TOKEN_VAULT_EXAMPLE_COM_8200', // an example
  'ESC_OIDC_TOKEN_AWS', // an example
])

/** Names that go on with that of a host or vendor. */
const PREFIXES = ['ESC_VAULT_TOKEN_*', 'ESC_OIDC_TOKEN_*']

function sourcesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'))
}
