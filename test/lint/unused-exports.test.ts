import { expect } from 'chai'
import { unusedExports } from './unused-exports.ts'

const judge = (texts: Readonly<Record<string, string>>) =>
  unusedExports(Object.entries(texts).map(([file, text]) => ({ file, text }))).map((problem) => problem.split(',')[0])

describe('exports', () => {
  it('are all imported by some other file', () => {
    expect(unusedExports()).to.deep.equal([])
  })

  it('are unused where no other file imports them, whatever they are', () => {
    const kinds = ['function x() {}', 'async function* x() {}', 'const x = 1', 'abstract class x {}', 'type x = 1']
    for (const kind of kinds) {
      expect(judge({ 'src/a.ts': `export ${kind}` }), kind).to.deep.equal(['src/a.ts: exports x'])
      for (const file of ['src/b.ts', 'test/a.test.ts'])
        expect(
          judge({ 'src/a.ts': `export ${kind}`, [file]: "import {\n  y,\n  type x as z,\n} from '../src/a.ts'" }),
        ).to.deep.equal([])
    }
  })

  it('are used by whoever loads them later, or names their types', () => {
    for (const use of [
      "const { x } = await import('./a.ts')",
      "const { x: y } = slow ? await import('./c.ts') : await import('./a.ts')",
      "const found = (await import('./a.ts')).x",
      "let y: import('./a.ts').x",
      "const all = await import('./a.ts')",
      "import * as all from './a.ts'",
    ])
      expect(judge({ 'src/a.ts': 'export const x = 1', 'src/b.ts': use }), use).to.deep.equal([])
    expect(
      judge({ 'src/a.ts': 'export const x = 1', 'src/b.ts': "const { y } = await import('./a.ts')" }),
    ).to.have.length(1)
  })

  it('are used from a front door only when somebody imports them from there', () => {
    for (const door of [
      "export { x } from './a.ts'",
      "export * from './a.ts'",
      "import { x } from './a.ts'\n\nexport { x }",
    ]) {
      const files = { 'src/room/a.ts': 'export const x = 1', 'src/room/index.ts': door }
      const user = { 'src/b.ts': "import { x } from './room/index.ts'" }
      expect(judge({ ...files, ...user }), door).to.deep.equal([])
      expect(judge(files), door).to.not.deep.equal([])
    }
    const renamed = { 'src/room/a.ts': 'export const x = 1', 'src/room/index.ts': "export { x as y } from './a.ts'" }
    expect(judge({ ...renamed, 'src/b.ts': "import { y } from './room/index.ts'" })).to.deep.equal([])
    expect(judge(renamed)).to.deep.equal(['src/room/a.ts: exports x', 'src/room/index.ts: exports y'])
  })

  it('may be types that their own file uses', () => {
    expect(
      judge({
        'src/a.ts': 'export interface X {}\nexport const x = (y: X) => y',
        'src/b.ts': "import { x } from './a.ts'",
      }),
    ).to.deep.equal([])
  })
})
