import { expect } from 'chai'
import { fileAccessProblems, unneededEntries } from './file-access.ts'

describe('files of a store', () => {
  it('are read and written through the file system of the store, and by nothing else', () => {
    expect(fileAccessProblems()).to.deep.equal([])
    expect(unneededEntries()).to.deep.equal([])
  })

  it('are found to be read past it by this very check', () => {
    for (const text of [
      "import { readFileSync } from 'node:fs'",
      "const { readFile } = await import('node:fs/promises')",
      "process.getBuiltinModule('fs').readFileSync(path)",
    ])
      expect(fileAccessProblems([{ file: 'store/events.ts', text }]), text).to.have.length(1)
  })
})
