import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'

const root = join(import.meta.dirname, '..')
const page = readFileSync(join(root, '..', 'docs', 'threat-model.md'), 'utf8')

/** Rows of the tables under `| Cannot | Because | Test |`. */
const rows = [...page.matchAll(/\| Cannot \|.*\n\|.*\n((?:\|.*\n)+)/g)].flatMap(([, table]) =>
  table!
    .trimEnd()
    .split('\n')
    .map((row) => row.split('|').map((cell) => cell.trim())),
)

describe('the threat model', () => {
  it('has tables that can be read', () => {
    expect(rows.length).to.be.greaterThan(15)
  })

  for (const [, cannot, , tests = ''] of rows) {
    it(`names a test that there is for: ${cannot}`, () => {
      let file = ''
      const titles = [...tests.matchAll(/`([^`]+\.test\.ts)`|“([^”]+)”/g)].flatMap(([, path, title]) => {
        if (path !== undefined) file = path
        return title === undefined ? [] : [{ file, title }]
      })
      expect(titles, tests).to.not.deep.equal([])
      for (const { file: path, title } of titles) {
        expect(isTitleIn(readFileSync(join(root, path), 'utf8'), title), `${path} has “${title}”`).to.equal(true)
      }
    })
  }

  it('has a table of what cannot be done for each kind of person', () => {
    const sections = page.split(/^## /m).slice(1, -1)
    for (const section of sections) expect(section, section.split('\n', 1)[0]).to.contain('| Cannot |')
    expect(sections.map((section) => section.split('\n', 1)[0])).to.include.members([
      "A stranger's store",
      'A malicious remote',
      'A former member',
    ])
  })

  it('names a test in every row, of three cells', () => {
    for (const row of rows) expect(row, row.join(' | ')).to.have.length(5)
  })

  it('names every file of attacks', () => {
    for (const file of readdirSync(join(root, 'hostile-stores')).filter((name) => name.endsWith('.test.ts'))) {
      expect(page).to.contain(`\`hostile-stores/${file}\``)
    }
  })
})

/** The whole title of a test or of a case, between quotes of one kind, or the key of a case. */
function isTitleIn(text: string, title: string): boolean {
  return [`'`, '"', '`'].some(
    (quote) =>
      text.includes(`${quote}${title.replaceAll('’', "'")}${quote}`) || text.includes(`${quote}${title}${quote}`),
  )
}
