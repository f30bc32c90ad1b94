import { expect } from 'chai'
import { circleProblems } from './circles.ts'

const chain = (...texts: readonly string[]) =>
  texts.map((text, index) => ({ file: `src/room/${'abcdef'[index]}.ts`, text }))

describe('imports between files', () => {
  it('run in no circle, types and tests included', () => {
    expect(circleProblems()).to.deep.equal([])
  })

  it('are followed whatever their kind', () => {
    for (const statement of [
      "import { x } from './a.ts'",
      "import {\n  x,\n  type Y,\n} from './a.ts'",
      "import type { X } from './a.ts'",
      "import './a.ts'",
      "export { x } from './a.ts'",
      "export type * from './a.ts'",
      "const { x } = await import('./a.ts')",
      "let x: import('../room/a.ts').X",
    ]) {
      const files = chain("import { b } from './b.ts'", `// first\n${statement}\n`)
      expect(circleProblems(files), statement).to.have.length(1)
    }
  })

  it('are told as one shortest circle for each group of files', () => {
    const files = chain(
      "import './b.ts'\nimport './d.ts'",
      "import './c.ts'",
      "import './a.ts'",
      "import './a.ts'",
      "import './f.ts'\nimport './a.ts'",
      "import './e.ts'",
    )
    const circles = circleProblems(files).map((problem) => problem.split(':')[0])
    expect(circles).to.deep.equal([
      'src/room/a.ts -> src/room/d.ts -> src/room/a.ts',
      'src/room/e.ts -> src/room/f.ts -> src/room/e.ts',
    ])
  })

  it('may meet again, and may leave the repository', () => {
    const files = chain(
      "import './b.ts'\nimport './c.ts'",
      "import './d.ts'",
      "import './d.ts'",
      "import 'node:fs'\nimport '../../package.json'",
    )
    expect(circleProblems(files)).to.deep.equal([])
    expect(circleProblems([{ file: 'src/a.ts', text: "import './a.ts'" }])).to.have.length(1)
  })
})
