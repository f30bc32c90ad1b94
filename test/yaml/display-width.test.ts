import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { displayWidth } from '../../src/yaml/index.ts'

const vectors: [text: string, width: number][] = JSON.parse(
  readFileSync(new URL('vectors/widths.json', import.meta.url), 'utf8'),
)

describe('displayWidth()', () => {
  it('counts cells of wide, combining and invisible characters, emoji and flags', () => {
    for (const [text, width] of vectors) expect(displayWidth(text), JSON.stringify(text)).to.equal(width)
  })
})
