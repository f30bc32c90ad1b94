import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { parseYaml } from '../../src/yaml/parser/parser.ts'
import { outline } from './outline.ts'

interface Vector {
  readonly text: string
  readonly tree?: string
  readonly error?: string
}

/** Odd texts, and what the YAML reader that ESC is used to (yaml.v3 of Go) makes of them. */
const vectors: Vector[] = readFileSync(new URL('vectors/yaml.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line))

describe('parseYaml()', () => {
  it('reads texts as other readers of YAML do, place by place', () => {
    const trees = vectors.filter(({ tree }) => tree !== undefined)
    expect(trees.length).to.be.greaterThan(100)
    for (const { text, tree } of trees) {
      const { root } = parseYaml(text)
      expect(root === undefined ? undefined : outline(root), JSON.stringify(text)).to.equal(tree)
    }
  })

  it('refuses texts with the words and lines that other readers use', () => {
    const errors = vectors.filter(({ error }) => error !== undefined)
    expect(errors.length).to.be.greaterThan(50)
    for (const { text, error } of errors) expect(() => parseYaml(text), JSON.stringify(text)).to.throw(error)
  })
})
