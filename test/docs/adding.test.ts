import { existsSync, readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { repositoryRoot } from '../sources.ts'

const root = pathToFileURL(`${repositoryRoot}/`)
const page = readFileSync(new URL('docs/adding.md', root), 'utf8')

describe('docs/adding.md', () => {
  it('the lines of its examples stand in the files they are said to be from, in that order', () => {
    const examples = [...page.matchAll(/^ *`(src\/[^`]+)`\n *```ts\n([\s\S]*?)^ *```$/gm)]
    expect(examples.length).to.be.greaterThan(7)
    for (const [, file = '', code = ''] of examples) {
      const lines = readFileSync(new URL(file, root), 'utf8')
        .split('\n')
        .map((line) => line.trim())
      let from = 0
      for (const line of code.split('\n').map((each) => each.trim())) {
        if (line === '' || line === '…') continue
        const at = lines.indexOf(line, from)
        expect(at, `${file} has no line "${line}" after line ${from}`).to.be.greaterThan(-1)
        from = at + 1
      }
    }
  })

  it('the files and pages that it names are there', () => {
    const paths = [...page.matchAll(/`((?:src|test)\/[\w./-]+)`/g)].map(([, path = '']) => path)
    const links = [...page.matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, path]) => `docs/${path}`)
    expect(paths).to.include('src/language/builtins.ts')
    for (const path of [...paths, ...links]) expect(existsSync(new URL(path, root)), path).to.equal(true)
  })
})
