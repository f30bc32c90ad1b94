import { readFileSync } from 'node:fs'
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
      for (const { file: path, title } of titles) expect(readFileSync(join(root, path), 'utf8'), path).to.contain(title)
    })
  }
})
