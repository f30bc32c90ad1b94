import { expect } from 'chai'
import { Program } from './program.ts'

/**
 * The built program is several bundles; an earlier one asks what is an instance of a class in a
 * later one.
 */
describe('the bundles of the built program', () => {
  const program = new Program()
  before(async function () {
    if (!Program.isBuilt()) return this.skip()
    await program.withEnvironment('app/dev', 'values:\n  string: foo\n  object: {a: 1}\n  array: [1]\n')
    return undefined
  })
  after(() => program.remove())

  const bad = {
    'string.bar': 'string.bar: expected an array or an object',
    'object[0]': 'object[0]: key for a map must be a string',
    'array.foo': 'array.foo: key for an array must be an int',
  }
  for (const [path, message] of Object.entries(bad)) {
    it(`name the path ${path} as it was typed`, async () => {
      const { code, err } = await program.esc(['env', 'set', 'app/dev', path, 'x'])
      expect({ code, first: err.split('\n')[0] }).to.deep.equal({ code: 1, first: `Error: ${message}` })
    })
  }
})
