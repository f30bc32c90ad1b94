import { readdirSync, readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { repositoryRoot } from '../sources.ts'

const root = pathToFileURL(`${repositoryRoot}/`)

describe('the plan of the house', () => {
  const page = readFileSync(new URL('docs/architecture.md', root), 'utf8')
  const [, listing = ''] = /\nsrc\/\n([\s\S]*?)\ntest\/ /.exec(page) ?? []
  // A name begins its line, two blanks in, and two blanks or the end of the line come after the
  // last one.
  const listed = [...listing.matchAll(/^ {2}(\S+(?: \S+)*?)(?: {2}|$)/gm)].flatMap(([, names = '']) => names.split(' '))

  it('lists each folder of src and each file beside them, and no other', () => {
    const there = readdirSync(new URL('src/', root), { withFileTypes: true }).map((entry) =>
      entry.isDirectory() ? `${entry.name}/` : entry.name.replace(/\.ts$/, ''),
    )
    expect(listed.sort()).to.deep.equal(there.sort())
  })

  it('names files that there are', () => {
    const files = [...page.matchAll(/`((?:src|test|esbuild|docs)\/[\w./-]+\.\w+)`/g)].map(([, file = '']) => file)
    expect(files).to.not.be.empty
    for (const file of files) expect(() => readFileSync(new URL(file, root)), file).to.not.throw()
  })
})
