import { expect } from 'chai'
import { suggestCommands } from '../../../src/cli/framework/suggest-commands.ts'

describe('a word that names no command', () => {
  const meant: Record<string, readonly string[]> = {
    opne: ['open'],
    'env rotat': ['env rotate'],
    rm: ['env rm', 'config rm', 'env tag rm'],
    delete: ['env rm', 'config rm', 'env tag rm'],
    tag: ['env tag', 'env version tag'],
    webhook: ['env webhook'],
    history: ['env rotate history', 'env schedule history', 'env version history'],
    'env history': ['env rotate history', 'env schedule history', 'env version history'],
    'env list': ['env ls'],
    'env schedule add': ['env schedule new'],
    exec: ['run'],
    'app/dev': [],
    'env nosuch': [],
  }
  for (const [typed, commands] of Object.entries(meant)) {
    it(`${typed} may be ${commands.join(', ') || 'anything'}`, () => {
      const path = typed.split(' ')
      const word = path.pop() ?? ''
      expect(suggestCommands(word, path)).to.deep.equal(commands)
    })
  }
})
