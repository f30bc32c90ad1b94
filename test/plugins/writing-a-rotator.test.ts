import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { packageRoot } from '../cli/commands/esc.ts'

describe('docs/writing-a-rotator.md', () => {
  const page = readFileSync(join(packageRoot, 'docs', 'writing-a-rotator.md'), 'utf8')
  const blocks = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code)

  // These files are what test/end-to-end/plugin.test.ts installs and runs.
  it('shows the example as it is tested', () => {
    const file = (name: string) =>
      readFileSync(join(packageRoot, 'test', 'fixtures', 'esc-rotator-example', name), 'utf8')
    expect(blocks).to.deep.equal([file('index.js'), file('contract.test.js')])
  })

  it('names every method of the contract', () => {
    for (const method of ['open', 'target', 'plan', 'rotate', 'reconcile', 'retire', 'check']) {
      expect(page).to.match(new RegExp(`^\\| \`${method}\\(`, 'm'))
    }
  })
})
