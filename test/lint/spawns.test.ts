import { expect } from 'chai'
import { problemsIn, spawnProblems, unknownStarters } from './spawns.ts'

describe('programs that esc starts', () => {
  it('get their variables from childEnvironment, wherever they are started', () => {
    expect(spawnProblems()).to.deep.equal([])
  })

  it('are started by few files, and git by those of src/git alone', () => {
    expect(unknownStarters()).to.deep.equal([])
    const text = "const { spawn } = await import('node:child_process')"
    expect(unknownStarters([{ file: 'store/git.ts', text }])).to.have.length(1)
  })

  it('are found without it by this very check', () => {
    const imported = "import { spawn } from 'node:child_process'\n"
    for (const call of [
      "spawn('git', args)",
      "spawn('git', args, { cwd })",
      'spawn(file, args, { env: { ...io.env } })',
    ])
      expect(problemsIn(imported + call), call).to.have.length(1)
    expect(problemsIn(`${imported}spawn('git', args, { env: { ...process.env } })`)).to.have.length(2)
    expect(problemsIn('run({ ...process.env })')).to.have.length(1)
    expect(problemsIn(`${imported}spawn('git', f(x), { env: childEnvironment(io.env) })`)).to.deep.equal([])
  })
})
