import { expect } from 'chai'
import { namesDeclaredTwice } from './exported-names.ts'

describe('exported names', () => {
  it('are declared by one file each', () => {
    expect(namesDeclaredTwice()).to.deep.equal([])
  })

  it('are found to be declared twice, whatever they are', () => {
    for (const text of ['type Place = 1', 'interface Place {}', 'class Place {}', 'async function Place() {}']) {
      const files = ['src/a.ts', 'src/room/b.ts'].map((file) => ({ file, text: `// first\nexport ${text}\n` }))
      expect(namesDeclaredTwice(files), text).to.deep.equal([
        'src/a.ts, src/room/b.ts: each exports a Place of its own',
      ])
    }
    const pattern = { file: 'src/a.ts', text: 'export const { a: one, two } = three' }
    for (const name of ['one', 'two'])
      expect(namesDeclaredTwice([pattern, { file: 'src/b.ts', text: `export const ${name} = 1` }])).to.have.length(1)
  })

  it('may be passed on, used again in a file of their own, and stand in tests', () => {
    const files = [
      { file: 'src/a.ts', text: 'export interface Place {}' },
      { file: 'src/index.ts', text: "export type { Place } from './a.ts'" },
      { file: 'src/b.ts', text: 'interface Place {}\nexport const inner = 1' },
      { file: 'test/a.ts', text: 'export interface Place {}' },
    ]
    expect(namesDeclaredTwice(files)).to.deep.equal([])
  })
})
